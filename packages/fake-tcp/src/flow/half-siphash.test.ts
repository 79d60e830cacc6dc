import { describe, expect, it } from "vitest";
import { halfSipHash } from "./half-siphash.js";

describe("halfSipHash", () => {
	it("spreads neighbouring keys evenly over the low bits", () => {
		const buckets = new Array<number>(256).fill(0);
		for (let port = 0; port < 25_600; port++) {
			const hash = halfSipHash(
				{ k0: 7, k1: 9 },
				Int32Array.of(0, 0, 0xffff, 0x0a000001, port),
				{ start: 0, count: 5 },
			);
			buckets[hash & 255] = (buckets[hash & 255] ?? 0) + 1;
		}
		// 100 expected per bucket, standard deviation 10: five of them either way.
		for (const count of buckets) expect(Math.abs(count - 100)).toBeLessThan(50);
	});

	it("depends on every word, on the length and on both halves of the key", () => {
		const words = Int32Array.of(1, 2, 3, 4);
		const base = halfSipHash({ k0: 1, k1: 2 }, words, { start: 0, count: 4 });
		const others = [
			halfSipHash({ k0: 2, k1: 2 }, words, { start: 0, count: 4 }),
			halfSipHash({ k0: 1, k1: 3 }, words, { start: 0, count: 4 }),
			halfSipHash({ k0: 1, k1: 2 }, words, { start: 0, count: 3 }),
			...[0, 1, 2, 3].map((index) =>
				halfSipHash({ k0: 1, k1: 2 }, words.with(index, 9), {
					start: 0,
					count: 4,
				}),
			),
		];
		expect(new Set([base, ...others]).size).toBe(others.length + 1);
	});
});

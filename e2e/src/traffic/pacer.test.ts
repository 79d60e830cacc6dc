import { describe, expect, it } from "vitest";
import { Pacer } from "./pacer.js";

function takeAll(pacer: Pacer, sizeBytes: number): number {
	let taken = 0;
	while (pacer.take(sizeBytes)) taken += 1;
	return taken;
}

describe("pacer", () => {
	it("lets the rate through, no more", () => {
		const pacer = new Pacer({ rate: 1000, unit: "datagrams", depth: 10 }, 0);
		expect(takeAll(pacer, 1400)).toBe(0);
		pacer.refill(5);
		expect(takeAll(pacer, 1400)).toBe(5);
	});

	it("bounds the burst after a pause", () => {
		const pacer = new Pacer({ rate: 1000, unit: "datagrams", depth: 10 }, 0);
		pacer.refill(60_000);
		expect(takeAll(pacer, 1400)).toBe(10);
	});

	it("charges by size when the rate is in bits", () => {
		const pacer = new Pacer({ rate: 1e6, unit: "bits", depth: 80_000 }, 0);
		pacer.refill(60);
		expect(takeAll(pacer, 1000)).toBe(7);
	});
});

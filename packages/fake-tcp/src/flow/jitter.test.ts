import { expect, it } from "vitest";
import { Jitter } from "./jitter.js";

it.each([0, 1, -1, 0x7fff_ffff])(
	"pauses from seed %i lie between the half and the whole, and differ",
	(seed) => {
		const jitter = new Jitter(seed);
		const pauses = Array.from({ length: 1_000 }, () => jitter.shorten(1_000));
		expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500);
		expect(Math.max(...pauses)).toBeLessThanOrEqual(1_000);
		expect(new Set(pauses).size).toBeGreaterThan(300);
	},
);

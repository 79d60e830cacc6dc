import { describe, expect, it } from "vitest";
import { RateLimit } from "./rate-limit.js";

function allowed(limit: RateLimit, tries: number, nowMs: number): number {
	let count = 0;
	for (let attempt = 0; attempt < tries; attempt++)
		if (limit.allows(nowMs)) count++;
	return count;
}

describe("a rate limit", () => {
	it("allows a burst, then as much as time gives back, never more than a burst", () => {
		const limit = new RateLimit(10);
		expect(allowed(limit, 20, 0)).toBe(10);
		expect(allowed(limit, 20, 99)).toBe(0);
		expect(allowed(limit, 20, 200)).toBe(2);
		expect(allowed(limit, 100, 60_000)).toBe(10);
	});

	it("does not lose the fractions between two close calls", () => {
		const limit = new RateLimit(10);
		allowed(limit, 10, 0);
		let count = 0;
		for (let nowMs = 1; nowMs <= 1_000; nowMs += 7)
			count += allowed(limit, 1, nowMs);
		expect(count).toBeGreaterThanOrEqual(9);
	});

	it("is none at 0", () => {
		expect(allowed(new RateLimit(0), 1_000, 0)).toBe(1_000);
	});
});

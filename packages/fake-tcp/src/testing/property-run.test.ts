import { describe, expect, inject, it } from "vitest";
import { CASE_SHARES, casesOf, type PropertyName } from "./property-run.js";
import { SeededRandom } from "./seeded-random.js";

describe("the cases of a run", () => {
	it("are shared out, none left and none twice", () => {
		const names = Object.keys(CASE_SHARES) as PropertyName[];
		const shares = Object.values(CASE_SHARES);
		expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
		const cases = names.reduce((sum, name) => sum + casesOf(name), 0);
		expect(cases).toBeGreaterThanOrEqual(inject("propertyCases"));
	});
});

describe("a seeded generator", () => {
	it("gives the same numbers for the same seed, for ever", () => {
		const random = new SeededRandom(20);
		const words = Array.from({ length: 4 }, () => random.word());
		expect(words).toMatchInlineSnapshot(`
			[
			  1302328029,
			  -1084283337,
			  707824771,
			  -1647810123,
			]
		`);
	});

	it("reaches both ends of a range, and every choice", () => {
		const random = new SeededRandom(-1);
		const seen = new Set<number>();
		for (let drawn = 0; drawn < 1_000; drawn++) seen.add(random.between(3, 9));
		expect([...seen].sort()).toEqual([3, 4, 5, 6, 7, 8, 9]);
		expect(random.chance(0)).toBe(false);
		expect(random.chance(1)).toBe(true);
		expect(() => random.pick([])).toThrow(RangeError);
	});
});

import { describe, expect, it } from "vitest";
import { percentile } from "./percentile.js";

describe("percentile", () => {
	it.each([
		[[5], 0.5, 5],
		[[1, 2, 3, 4], 0.5, 2],
		[[4, 3, 2, 1], 0.99, 4],
		[[1, 2, 3], 0, 1],
		[[1, 2, 3], 1, 3],
	])("of %j at %d is %d", (numbers, share, expected) => {
		expect(percentile(numbers, share)).toBe(expected);
	});

	it("of no numbers is not a number", () => {
		expect(percentile([], 0.5)).toBeNaN();
	});
});

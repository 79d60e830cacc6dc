import { describe, expect, it } from "vitest";
import { ratios, spreadOf } from "./spread.js";

describe("spreadOf", () => {
	it("takes the middle of an odd number of runs", () => {
		expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, runs: 3 });
	});

	it("takes the mean of the two middle ones of an even number", () => {
		expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5);
	});

	it("refuses a figure without runs", () => {
		expect(() => spreadOf([])).toThrow(RangeError);
	});
});

describe("ratios", () => {
	it("pairs rounds and leaves out those that one side lacks", () => {
		expect(ratios([2, 6, 9], [1, 2])).toEqual([2, 3]);
	});

	it("leaves out rounds in which nothing came through on the other side", () => {
		expect(ratios([2, 6], [0, 2])).toEqual([3]);
	});
});

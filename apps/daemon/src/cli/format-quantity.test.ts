import { describe, expect, it } from "vitest";
import {
	formatBitRate,
	formatBytes,
	formatCount,
	formatDuration,
	formatWhole,
} from "./format-quantity.js";

describe("quantities for people", () => {
	it("keeps three significant digits and steps to the next prefix before a fourth appears", () => {
		expect(
			[0, 1, 999, 1_000, 1_234_567, 12_345_678, 999_499_999, 999_500_000].map(
				formatBitRate,
			),
		).toEqual([
			"0 bit/s",
			"1 bit/s",
			"999 bit/s",
			"1.00 kbit/s",
			"1.23 Mbit/s",
			"12.3 Mbit/s",
			"999 Mbit/s",
			"1.00 Gbit/s",
		]);
		expect(formatBytes(1_500_000)).toBe("1.50 MB");
		expect(formatCount(12)).toBe("12");
		expect(formatCount(12_345)).toBe("12.3 k");
		expect(formatCount(9_996)).toBe("10.0 k");
	});

	it("groups whole numbers", () => {
		expect(formatWhole(1_234_567)).toBe("1,234,567");
	});

	it("writes durations in their two largest units", () => {
		expect(
			[0, 1_240, 9_949, 9_950, 59_400, 61_000, 3_600_000, 90_061_000].map(
				formatDuration,
			),
		).toEqual([
			"0.0s",
			"1.2s",
			"9.9s",
			"10s",
			"59s",
			"1m 1s",
			"1h 0m",
			"1d 1h",
		]);
	});
});

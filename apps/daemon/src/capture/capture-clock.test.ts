import { describe, expect, it } from "vitest";
import { CaptureClock } from "./capture-clock.js";

describe("capture clock", () => {
	it("is as fine as the monotonic clock, and follows the wall clock when that was set", () => {
		const now = { monotonicMs: 7, wallMs: 5_000 };
		const clock = new CaptureClock(1_000, {
			monotonicMs: () => now.monotonicMs,
			wallMs: () => now.wallMs,
		});
		expect(clock.nowMs()).toBe(4_000);
		now.monotonicMs += 0.001_953_125;
		expect(clock.nowMs()).toBe(4_000.001_953_125);
		// The grain of the wall clock, or a thread that was held up between two looks.
		now.wallMs += 50;
		clock.follow();
		expect(clock.nowMs()).toBeCloseTo(4_000, 2);
		now.wallMs += 3_600_000;
		clock.follow();
		expect(clock.nowMs()).toBe(3_604_050);
		now.wallMs -= 7_200_000;
		clock.follow();
		expect(clock.nowMs()).toBe(-3_595_950);
	});
});

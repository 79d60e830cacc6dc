import { describe, expect, it } from "vitest";
import { createRestartBackoff } from "./restart-backoff.js";

describe("restart back-off", () => {
	it("doubles from a quarter of a second and stops at half a minute", () => {
		const backoff = createRestartBackoff();
		const delaysMs = Array.from({ length: 9 }, () =>
			backoff.delayAfterRunMs(10),
		);
		expect(delaysMs).toEqual([
			250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
		]);
	});

	it("starts over after a run of a minute, not after one of a millisecond less", () => {
		const backoff = createRestartBackoff();
		backoff.delayAfterRunMs(0);
		expect(backoff.delayAfterRunMs(59_999)).toBe(500);
		expect(backoff.delayAfterRunMs(60_000)).toBe(250);
	});
});

import { describe, expect, it } from "vitest";
import { WakeModeration } from "./wake-moderation.js";

/** Rounds of `messages` each, `gapMs` apart; @returns the last answer. */
function napAfterRounds(
	rounds: number,
	messages: number,
	gapMs: number,
): number {
	const moderation = new WakeModeration();
	let nap = 0;
	for (let round = 1; round <= rounds; round++) {
		nap = moderation.napAfter(messages, round * gapMs);
	}
	return nap;
}

describe("wake moderation", () => {
	it("naps when small batches come fast", () => {
		expect(napAfterRounds(1_000, 2, 0.05)).toBeGreaterThan(0);
	});

	it("leaves a conversation alone: one message at a time, 10,000 a second", () => {
		expect(napAfterRounds(1_000, 1, 0.1)).toBe(0);
	});

	it("does not wait when a batch fills a train", () => {
		expect(napAfterRounds(1_000, 40, 0.5)).toBe(0);
		expect(napAfterRounds(1_000, 39, 0.5)).toBeGreaterThan(0);
	});

	it("naps through rounds that find nothing while the stream may go on", () => {
		const moderation = new WakeModeration();
		for (let round = 1; round <= 1_000; round++)
			moderation.napAfter(2, round * 0.05);
		expect(moderation.napAfter(0, 50.1)).toBeGreaterThan(0);
		expect(moderation.napAfter(0, 50.4)).toBeGreaterThan(0);
		expect(moderation.napAfter(0, 56)).toBe(0);
	});

	it("stops napping once the stream has ended", () => {
		const moderation = new WakeModeration();
		for (let round = 1; round <= 1_000; round++)
			moderation.napAfter(2, round * 0.05);
		moderation.napAfter(1, 53);
		expect(moderation.napAfter(1, 56)).toBe(0);
	});
});

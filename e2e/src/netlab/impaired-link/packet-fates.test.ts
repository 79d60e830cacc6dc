// Same seed, same fates; each impairment hits its share; and switching one on leaves the others' choices as they were.

import { describe, expect, it } from "vitest";
import type { Impairments } from "./impairments.js";
import { type Fate, PacketFates } from "./packet-fates.js";

const PACKETS = 20_000;
const SHAPE = { totalBytes: 1_040, ipHeaderBytes: 20 } as const;

function fatesOf(
	impairments: Impairments,
	seed = 1,
	direction: "up" | "down" = "up",
): Fate[] {
	const fates = new PacketFates(seed, direction);
	return Array.from({ length: PACKETS }, () =>
		fates.next(SHAPE, impairments, 0),
	);
}

function share(fates: readonly Fate[], holds: (fate: Fate) => boolean): number {
	return fates.filter(holds).length / fates.length;
}

const EVERYTHING: Impairments = {
	delayMs: 50,
	jitterMs: 30,
	lossShare: 0.1,
	duplicateShare: 0.05,
	reorder: { share: 0.25, byMs: 5 },
	corruptShare: 0.01,
};

describe("the sequence of fates", () => {
	it("is the same for the same seed and direction, and another for any other", () => {
		expect(fatesOf(EVERYTHING, 7)).toEqual(fatesOf(EVERYTHING, 7));
		expect(fatesOf(EVERYTHING, 7)).not.toEqual(fatesOf(EVERYTHING, 8));
		expect(fatesOf(EVERYTHING, 7)).not.toEqual(fatesOf(EVERYTHING, 7, "down"));
	});

	it("loses the same packets whatever else is switched on", () => {
		const alone = fatesOf({ lossShare: 0.1 }).map(({ kind }) => kind);
		const among = fatesOf(EVERYTHING).map(({ kind }) => kind);
		expect(among).toEqual(alone);
	});

	it("goes on where it was when impairments change at run time", () => {
		const changing = new PacketFates(3, "up");
		const steady = new PacketFates(3, "up");
		for (let packet = 0; packet < 100; packet += 1) {
			changing.next(SHAPE, {}, 0);
			steady.next(SHAPE, EVERYTHING, 0);
		}
		expect(changing.next(SHAPE, EVERYTHING, 0)).toEqual(
			steady.next(SHAPE, EVERYTHING, 0),
		);
	});
});

describe("shares", () => {
	/** Four standard deviations of a share over so many packets. */
	const margin = (wanted: number) =>
		4 * Math.sqrt((wanted * (1 - wanted)) / PACKETS);

	it.each([0, 0.001, 0.01, 0.05, 0.1, 0.3, 1])("loses %d", (lossShare) => {
		const lost = share(fatesOf({ lossShare }), ({ kind }) => kind === "lost");
		expect(Math.abs(lost - lossShare)).toBeLessThanOrEqual(margin(lossShare));
	});

	it("holds for duplicates, late and corrupted packets", () => {
		const fates = fatesOf(EVERYTHING);
		const near = (found: number, wanted: number) =>
			expect(Math.abs(found - wanted)).toBeLessThanOrEqual(margin(wanted));
		near(
			share(fates, ({ isDuplicated }) => isDuplicated),
			0.05,
		);
		near(
			share(fates, ({ isLate }) => isLate),
			0.25,
		);
		near(
			share(fates, ({ flippedBit }) => flippedBit !== null),
			0.01,
		);
	});

	it("flips bits all over what follows the IP header, and nowhere else", () => {
		const bits = fatesOf({ corruptShare: 1 }).map(
			({ flippedBit }) => flippedBit ?? -1,
		);
		const last = (SHAPE.totalBytes - SHAPE.ipHeaderBytes) * 8 - 1;
		expect(Math.min(...bits)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...bits)).toBeLessThanOrEqual(last);
		expect(Math.min(...bits)).toBeLessThan(8);
		expect(Math.max(...bits)).toBeGreaterThan(last - 8);
		expect(new Set(bits).size).toBeGreaterThan(7_000);
	});
});

describe("delays", () => {
	it("stay within delay and jitter, and use all of it", () => {
		const delays = fatesOf({ delayMs: 50, jitterMs: 30 }).map(
			({ delayMs }) => delayMs,
		);
		expect(Math.min(...delays)).toBeGreaterThanOrEqual(20);
		expect(Math.min(...delays)).toBeLessThan(20.1);
		expect(Math.max(...delays)).toBeLessThanOrEqual(80);
		expect(Math.max(...delays)).toBeGreaterThan(79.9);
	});

	it("are never below zero", () => {
		const delays = fatesOf({ delayMs: 1, jitterMs: 10 }).map(
			({ delayMs }) => delayMs,
		);
		expect(Math.min(...delays)).toBe(0);
	});

	it("are longer for late packets by exactly what was asked", () => {
		for (const { isLate, delayMs } of fatesOf({
			delayMs: 2,
			reorder: { share: 0.25, byMs: 5 },
		}))
			expect(delayMs).toBe(isLate ? 7 : 2);
	});
});

describe("size and darkness", () => {
	const fateOf = (impairments: Impairments, totalBytes: number, atMs = 0) =>
		new PacketFates(1, "up").next(
			{ totalBytes, ipHeaderBytes: 20 },
			impairments,
			atMs,
		).kind;

	it("lets the limit through and nothing above it", () => {
		expect(fateOf({ blackHoleAboveBytes: 1_400 }, 1_400)).toBe("forwarded");
		expect(fateOf({ blackHoleAboveBytes: 1_400 }, 1_401)).toBe("too-big");
	});

	it.each([
		[99, "forwarded"],
		[100, "blacked-out"],
		[199, "blacked-out"],
		[200, "forwarded"],
	])("at %d ms of a window from 100 to 200: %s", (atMs, kind) => {
		const blackouts = [{ fromMs: 100, untilMs: 200 }];
		expect(fateOf({ blackouts }, 100, atMs)).toBe(kind);
	});
});

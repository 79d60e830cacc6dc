import { describe, expect, it } from "vitest";
import { type InboundTotals, PathQuality } from "./path-quality.js";

describe("round trips", () => {
	it("are smoothed as RFC 6298 says, and the least is kept", () => {
		const quality = new PathQuality();
		quality.reset();
		for (const roundTripMs of [100, 100, 60, 140])
			quality.noteRoundTrip(roundTripMs);
		// The same by hand: SRTT 100, 100, 95, 100.625; RTTVAR 50, 37.5, 38.125, 39.84.
		expect(quality.smoothedRoundTripUs).toBe(100_625);
		expect(Math.abs(quality.roundTripVariationUs - 39_843)).toBeLessThan(3);
		expect(quality.leastRoundTripUs).toBe(60_000);
		expect(quality.roundTrips).toBe(4);
	});

	it("are measured from the end of our data to the first payload that acknowledges it", () => {
		const quality = new PathQuality();
		quality.reset();
		quality.noteSent(100, 1_000);
		quality.noteSent(200, 1_010);
		quality.noteAcknowledged(99, 1_015);
		expect(quality.roundTrips).toBe(0);
		quality.noteAcknowledged(150, 1_030);
		expect(quality.smoothedRoundTripUs).toBe(30_000);
		quality.noteAcknowledged(200, 1_500);
		expect(quality.roundTrips).toBe(1);
	});

	it("do not hold the silence in which nothing was answered", () => {
		const quality = new PathQuality();
		quality.reset();
		quality.noteSent(100, 1_000);
		quality.noteSent(200, 60_000);
		quality.noteAcknowledged(200, 60_020);
		expect(quality.smoothedRoundTripUs).toBe(20_000);
	});

	it("of a probe need stock's answer by name, or any from one of us", () => {
		const quality = new PathQuality();
		quality.reset();
		quality.noteProbe(-7, 1_000);
		quality.noteBareAck(500, false, 1_010);
		expect(quality.roundTrips).toBe(0);
		quality.noteBareAck(-7, false, 1_025);
		expect(quality.smoothedRoundTripUs).toBe(25_000);
		quality.noteProbe(499, 2_000);
		quality.noteBareAck(777, true, 2_025);
		expect(quality.roundTrips).toBe(2);
	});
});

/** A stream of segments of 1,000 octets as the flow's counters see it. */
class Stream {
	readonly quality = new PathQuality();
	#totals = { rcvNxt: -50_000, payloadBytes: 0, segments: 0, lateSegments: 0 };
	#nowMs = 0;

	constructor() {
		this.quality.reset();
		this.quality.sampleArrivals(this.#totals, 0);
	}

	/** Segments by number, in the order of their arrival, then ten seconds. @returns whether a sample was completed. */
	arrive(segments: readonly number[]): boolean {
		let highest = (this.#totals.rcvNxt + 50_000) / 1_000;
		for (const segment of segments) {
			this.#totals.segments++;
			this.#totals.payloadBytes += 1_000;
			if (segment + 1 > highest) highest = segment + 1;
			else this.#totals.lateSegments++;
		}
		this.#totals.rcvNxt = highest * 1_000 - 50_000;
		let isComplete = false;
		for (let tick = 0; tick < 100; tick++) {
			this.#nowMs += 100;
			const totals: InboundTotals = this.#totals;
			isComplete =
				this.quality.sampleArrivals(totals, this.#nowMs) || isComplete;
		}
		return isComplete;
	}
}

const range = (from: number, to: number): number[] =>
	Array.from({ length: to - from }, (_, index) => from + index);

describe("what arrives", () => {
	it("is whole: no loss, nothing late, across the wrap of the sequence", () => {
		const stream = new Stream();
		expect(stream.arrive(range(0, 200))).toBe(true);
		expect(stream.quality.lossPerMille).toBe(0);
		expect(stream.quality.reorderingPerMille).toBe(0);
		expect(stream.quality.sampleSegments).toBe(200);
	});

	it("lacks what was lost, in a thousand", () => {
		const stream = new Stream();
		stream.arrive(range(0, 400).filter((segment) => segment % 20 !== 3));
		expect(stream.quality.lossPerMille).toBe(50);
		expect(stream.quality.reorderingPerMille).toBe(0);
	});

	it("comes late without being lost", () => {
		const stream = new Stream();
		const swapped = range(0, 400).map((segment) =>
			segment % 10 === 4
				? segment + 1
				: segment % 10 === 5
					? segment - 1
					: segment,
		);
		stream.arrive(swapped);
		expect(stream.quality.lossPerMille).toBe(0);
		expect(stream.quality.reorderingPerMille).toBe(100);
	});

	it("is no loss where stock gives a number twice and skips the next", () => {
		const stream = new Stream();
		stream.arrive(
			range(0, 400).map((segment) =>
				segment % 4 === 1 ? segment - 1 : segment,
			),
		);
		expect(stream.quality.lossPerMille).toBe(0);
	});

	it("may be late across the end of a sample: the loss that was not one is given back", () => {
		const stream = new Stream();
		const late = range(100, 120);
		stream.arrive([...range(0, 100), ...range(120, 200)]);
		expect(stream.quality.lossPerMille).toBe(100);
		// The late ones, and as many real losses: the account is even.
		stream.arrive([...late, ...range(220, 400)]);
		expect(stream.quality.lossPerMille).toBe(0);
		stream.arrive(range(400, 600).filter((segment) => segment % 10 !== 0));
		expect(stream.quality.lossPerMille).toBe(100);
	});

	it("is too little for a sample where next to nothing comes", () => {
		const stream = new Stream();
		expect(stream.arrive(range(0, 19))).toBe(false);
		for (let round = 0; round < 6; round++)
			expect(stream.arrive([])).toBe(false);
		expect(stream.quality.lossPerMille).toBe(-1);
	});
});

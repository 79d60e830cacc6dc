// What one end of a flow sees of its path: round trips, and loss and order of what arrives. Numbers only, nothing allocated.

import { sequenceDistance, sequenceLess } from "../wire/sequence.js";

/** A sample of what arrives is at least this long and this large, so that one lost datagram is no percentage. */
const SAMPLE_MS = 10_000;
const SAMPLE_SEGMENTS = 100;
/** A slow flow's sample is closed with less after this time. */
const SLOW_SAMPLE_MS = 60_000;
const SLOW_SAMPLE_SEGMENTS = 20;
/** Data that nobody answered for so long is not waited for: what is sent next is. */
const AWAIT_MS = 3_000;
/** Nothing on this planet takes longer; a clock that jumped would. */
const LONGEST_ROUND_TRIP_MS = 60_000;
const US_PER_MS = 1_000;

/** Totals of a flow, as its counters have them. */
export interface InboundTotals {
	readonly rcvNxt: number;
	readonly payloadBytes: number;
	readonly segments: number;
	readonly lateSegments: number;
}

export class PathQuality {
	/** RFC 6298 §2: SRTT and RTTVAR, in microseconds; 0 until something was measured. */
	smoothedRoundTripUs = 0;
	roundTripVariationUs = 0;
	/** The shortest: nearest to what the path itself takes. */
	leastRoundTripUs = 0;
	roundTrips = 0;
	/** Of the last complete sample, in a thousand; -1 until there is one. */
	lossPerMille = -1;
	reorderingPerMille = -1;
	/** Segments in that sample. */
	sampleSegments = 0;

	/** The end of the data whose acknowledgement is waited for. */
	#awaitedSeq = 0;
	#awaitedSinceMs = 0;
	#isAwaiting = false;
	#probeSeq = 0;
	#probeSentMs = 0;
	#isProbing = false;

	#hasBegun = false;
	#sampleBeganMs = 0;
	#rcvNxt = 0;
	#expectedBytes = 0;
	/** Late arrivals of the sample before, already counted there as lost: negative octets. */
	#owedBytes = 0;
	#bytesBefore = 0;
	#segmentsBefore = 0;
	#lateBefore = 0;

	/** A flow begins in this slot. */
	reset(): void {
		this.smoothedRoundTripUs = 0;
		this.roundTripVariationUs = 0;
		this.leastRoundTripUs = 0;
		this.roundTrips = 0;
		this.forgetArrivals();
	}

	/** The same path, other sequence numbers: round trips stay, everything that is under way does not. */
	forgetArrivals(): void {
		this.lossPerMille = -1;
		this.reorderingPerMille = -1;
		this.sampleSegments = 0;
		this.#isAwaiting = false;
		this.#isProbing = false;
		this.#hasBegun = false;
		this.#owedBytes = 0;
	}

	/** Data up to `end` was sent. */
	noteSent(end: number, nowMs: number): void {
		if (this.#isAwaiting && nowMs - this.#awaitedSinceMs < AWAIT_MS) return;
		this.#isAwaiting = true;
		this.#awaitedSeq = end;
		this.#awaitedSinceMs = nowMs;
	}

	/**
	 * A segment with payload acknowledged everything before `ack`. The sample holds the other application's thinking too:
	 * an upper bound, whose least value is the path's. Bare acknowledgements are late on purpose and no sample.
	 */
	noteAcknowledged(ack: number, nowMs: number): void {
		if (!this.#isAwaiting || sequenceLess(ack, this.#awaitedSeq)) return;
		this.#isAwaiting = false;
		this.noteRoundTrip(nowMs - this.#awaitedSinceMs);
	}

	/** A probe with this sequence number was sent; an earlier one that is still out is no longer told apart (Karn). */
	noteProbe(seq: number, nowMs: number): void {
		this.#probeSeq = seq;
		this.#probeSentMs = nowMs;
		this.#isProbing = true;
	}

	/**
	 * A bare acknowledgement came. Stock answers a probe with the probe's own sequence number, two of ours with what they
	 * expect next.
	 */
	noteBareAck(ack: number, isFromOneOfUs: boolean, nowMs: number): void {
		if (!this.#isProbing) return;
		if (ack !== this.#probeSeq && !isFromOneOfUs) return;
		this.#isProbing = false;
		this.noteRoundTrip(nowMs - this.#probeSentMs);
	}

	/** RFC 6298 §2.2 and §2.3, in whole microseconds. */
	noteRoundTrip(roundTripMs: number): void {
		if (roundTripMs < 0 || roundTripMs > LONGEST_ROUND_TRIP_MS) return;
		const us = roundTripMs * US_PER_MS;
		this.roundTrips++;
		if (this.roundTrips === 1) {
			this.smoothedRoundTripUs = us;
			this.roundTripVariationUs = us >> 1;
			this.leastRoundTripUs = us;
			return;
		}
		const error = Math.abs(this.smoothedRoundTripUs - us);
		this.roundTripVariationUs += (error - this.roundTripVariationUs) >> 2;
		this.smoothedRoundTripUs += (us - this.smoothedRoundTripUs) >> 3;
		if (us < this.leastRoundTripUs) this.leastRoundTripUs = us;
	}

	/**
	 * Call it about once a second. What was expected is how far the sequence went, what came is counted in octets, as
	 * in RFC 3550 §A.3: a segment that comes late fills its own hole, and the numbers that stock sends twice and then skips
	 * cancel out; neither is loss.
	 * @returns true when a sample has just been completed.
	 */
	sampleArrivals(totals: InboundTotals, nowMs: number): boolean {
		if (!this.#hasBegun) {
			this.#hasBegun = true;
			this.#rcvNxt = totals.rcvNxt;
			this.#beginSample(totals, nowMs);
			return false;
		}
		const advanced = sequenceDistance(this.#rcvNxt, totals.rcvNxt);
		this.#rcvNxt = totals.rcvNxt;
		if (advanced > 0) this.#expectedBytes += advanced;
		const segments = totals.segments - this.#segmentsBefore;
		const durationMs = nowMs - this.#sampleBeganMs;
		const isComplete =
			durationMs >= SAMPLE_MS &&
			(segments >= SAMPLE_SEGMENTS ||
				(durationMs >= SLOW_SAMPLE_MS && segments >= SLOW_SAMPLE_SEGMENTS));
		if (isComplete) this.#complete(totals, segments);
		// A flow that says next to nothing: its sample would mix what the path was with what it is.
		else if (durationMs < SLOW_SAMPLE_MS) return false;
		this.#beginSample(totals, nowMs);
		return isComplete;
	}

	#complete(totals: InboundTotals, segments: number): void {
		const received = totals.payloadBytes - this.#bytesBefore;
		const lost = this.#expectedBytes - received + this.#owedBytes;
		this.#owedBytes = Math.min(0, lost);
		this.lossPerMille = perMille(Math.max(0, lost), this.#expectedBytes);
		const late = totals.lateSegments - this.#lateBefore;
		this.reorderingPerMille = perMille(late, segments);
		this.sampleSegments = segments;
	}

	#beginSample(totals: InboundTotals, nowMs: number): void {
		this.#sampleBeganMs = nowMs;
		this.#expectedBytes = 0;
		this.#bytesBefore = totals.payloadBytes;
		this.#segmentsBefore = totals.segments;
		this.#lateBefore = totals.lateSegments;
	}
}

function perMille(part: number, whole: number): number {
	return whole <= 0 ? 0 : Math.round((part * 1_000) / whole);
}

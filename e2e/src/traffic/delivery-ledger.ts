// What arrived of one stream of one flow: each sequence once, in order, unchanged; and how late.

import {
	type DatagramReading,
	FULL_FORM_BYTES,
	isReducedForm,
	monotonicUs,
	readDatagram,
} from "./datagram-form.js";
import { LatencyHistogram } from "./latency-histogram.js";
import { type SizePlan, sizeOfDatagram } from "./size-plan.js";
import type { StreamTally } from "./traffic-report.js";

/** How far around the last arrival a datagram without a header is searched for. */
const REDUCED_SEARCH_WINDOW = 4_096;
/** A sequence beyond this is a lie or a bug of the test: it would need gigabytes of bitmap. */
const MAX_SEQUENCE = 2 ** 28;
const GAP_SAMPLE = 20;

export interface LedgerOptions {
	readonly stream: number;
	readonly flow: number;
	readonly sizes: SizePlan;
}

export class DeliveryLedger {
	readonly #options: LedgerOptions;
	readonly #latency = new LatencyHistogram();
	readonly #reading: DatagramReading = {
		stream: 0,
		flow: 0,
		sequence: 0,
		size: 0,
		sentUs: 0,
	};
	#seen = new Uint8Array(1_024);
	#received = 0;
	#payloadBytes = 0;
	#duplicates = 0;
	#reordered = 0;
	#corrupted = 0;
	#highest = -1;

	constructor(options: LedgerOptions) {
		this.#options = options;
	}

	get received(): number {
		return this.#received;
	}

	/** Judges one datagram that came for this flow. */
	record(bytes: Buffer): void {
		const sequence =
			bytes.length < FULL_FORM_BYTES
				? this.#findReduced(bytes)
				: this.#readFull(bytes);
		if (sequence < 0) {
			this.#corrupted += 1;
			return;
		}
		if (this.#wasSeen(sequence)) {
			this.#duplicates += 1;
			return;
		}
		this.#markSeen(sequence);
		this.#received += 1;
		this.#payloadBytes += bytes.length;
		if (sequence < this.#highest) this.#reordered += 1;
		else this.#highest = sequence;
	}

	tally(): StreamTally {
		return {
			flow: this.#options.flow,
			received: this.#received,
			payloadBytes: this.#payloadBytes,
			duplicates: this.#duplicates,
			reordered: this.#reordered,
			corrupted: this.#corrupted,
			highestSequence: this.#highest,
			gaps: this.#firstGaps(),
			latency: this.#latency.summary(),
		};
	}

	#readFull(bytes: Buffer): number {
		const reading = this.#reading;
		const { stream, flow, sizes } = this.#options;
		if (!readDatagram(bytes, reading)) return -1;
		if (reading.stream !== stream || reading.flow !== flow) return -1;
		if (reading.sequence > MAX_SEQUENCE) return -1;
		if (sizeOfDatagram(sizes, reading.sequence) !== bytes.length) return -1;
		this.#latency.add(monotonicUs() - reading.sentUs);
		return reading.sequence;
	}

	/** The nearest one that has not come yet, ahead or late; else one that comes for the second time. */
	#findReduced(bytes: Buffer): number {
		const next = this.#highest + 1;
		let seenMatch = -1;
		for (let distance = 0; distance <= REDUCED_SEARCH_WINDOW; distance += 1) {
			for (const sequence of [next + distance, next - distance]) {
				if (sequence < 0 || !this.#matches(bytes, sequence)) continue;
				if (!this.#wasSeen(sequence)) return sequence;
				if (seenMatch < 0) seenMatch = sequence;
			}
		}
		return seenMatch;
	}

	#matches(bytes: Buffer, sequence: number): boolean {
		const { stream, flow, sizes } = this.#options;
		const size = sizeOfDatagram(sizes, sequence);
		if (size !== bytes.length) return false;
		return isReducedForm(bytes, { stream, flow, sequence, size });
	}

	#wasSeen(sequence: number): boolean {
		return ((this.#seen[sequence >>> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
	}

	#markSeen(sequence: number): void {
		const place = sequence >>> 3;
		if (place >= this.#seen.length) {
			const grown = new Uint8Array(Math.max(place + 1, 2 * this.#seen.length));
			grown.set(this.#seen);
			this.#seen = grown;
		}
		this.#seen[place] = (this.#seen[place] ?? 0) | (1 << (sequence & 7));
	}

	#firstGaps(): number[] {
		const gaps: number[] = [];
		for (let sequence = 0; sequence < this.#highest; sequence += 1) {
			if (this.#wasSeen(sequence)) continue;
			gaps.push(sequence);
			if (gaps.length === GAP_SAMPLE) break;
		}
		return gaps;
	}
}

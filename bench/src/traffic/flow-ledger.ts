// What arrived of a run: counts per kind of verdict, and samples over time for the goodput of a window.

/** Sent as JSON by the sink. */
export interface Arrivals {
	/** Valid datagrams: right size, and not seen before. */
	readonly received: number;
	readonly receivedBytes: number;
	/** Of `received`: those that came after a later one of their flow (stock Phantun's threads overtake each other). */
	readonly reordered: number;
	/** Seen before, or so late that we cannot tell. Not in `received`. */
	readonly doubled: number;
	readonly wrongSize: number;
	/** Of another run, or not ours at all. */
	readonly foreign: number;
	readonly flows: number;
	/** Monotonic time of the first valid datagram of the run, hello included; 0 when none came. */
	readonly firstArrivalMs: number;
	/** Monotonic times and, for each, valid bytes so far. */
	readonly sampleMs: readonly number[];
	readonly sampleBytes: readonly number[];
}

const MAX_SAMPLES = 20_000;
/** So many latest sequences per flow are remembered, to tell a late datagram from a doubled one. A power of two. */
const REMEMBERED = 1_024;

export class FlowLedger {
	received = 0;
	receivedBytes = 0;
	foreign = 0;
	firstArrivalMs = 0;
	#reordered = 0;
	#doubled = 0;
	#wrongSize = 0;
	#flows = 0;
	/** One above the highest sequence of each flow. */
	readonly #next: Int32Array;
	/** For each flow and each sequence modulo `REMEMBERED`: one above the sequence seen last. */
	readonly #seen: Int32Array;
	readonly #sizeBytes: number;
	readonly #sampleMs: number[] = [];
	readonly #sampleBytes: number[] = [];

	constructor(options: {
		readonly flows: number;
		readonly sizeBytes: number;
	}) {
		this.#next = new Int32Array(options.flows);
		this.#seen = new Int32Array(options.flows * REMEMBERED);
		this.#sizeBytes = options.sizeBytes;
	}

	/** @param claimedBytes the size that the mark claims. */
	record(
		mark: {
			readonly flow: number;
			readonly sequence: number;
			readonly claimedBytes: number;
		},
		actualBytes: number,
	): void {
		const { flow, sequence } = mark;
		const next = this.#next[flow];
		if (next === undefined) {
			this.foreign += 1;
			return;
		}
		if (
			actualBytes !== this.#sizeBytes ||
			mark.claimedBytes !== this.#sizeBytes
		) {
			this.#wrongSize += 1;
			return;
		}
		const place = flow * REMEMBERED + (sequence & (REMEMBERED - 1));
		if (sequence >= next) {
			if (next === 0) this.#flows += 1;
			this.#next[flow] = sequence + 1;
		} else if (
			sequence + REMEMBERED < next ||
			this.#seen[place] === sequence + 1
		) {
			this.#doubled += 1;
			return;
		} else this.#reordered += 1;
		this.#seen[place] = sequence + 1;
		this.received += 1;
		this.receivedBytes += actualBytes;
	}

	sample(nowMs: number): void {
		if (this.#sampleMs.length >= MAX_SAMPLES) return;
		this.#sampleMs.push(nowMs);
		this.#sampleBytes.push(this.receivedBytes);
	}

	arrivals(): Arrivals {
		return {
			received: this.received,
			receivedBytes: this.receivedBytes,
			reordered: this.#reordered,
			doubled: this.#doubled,
			wrongSize: this.#wrongSize,
			foreign: this.foreign,
			flows: this.#flows,
			firstArrivalMs: this.firstArrivalMs,
			sampleMs: this.#sampleMs,
			sampleBytes: this.#sampleBytes,
		};
	}
}

/** Valid bytes that had arrived at a time; between samples they rise in a straight line. */
export function bytesAt(
	arrivals: Pick<Arrivals, "sampleMs" | "sampleBytes">,
	timeMs: number,
): number {
	const { sampleMs, sampleBytes } = arrivals;
	const after = sampleMs.findIndex((sampled) => sampled >= timeMs);
	if (after < 0) return sampleBytes.at(-1) ?? 0;
	const toMs = sampleMs[after] ?? timeMs;
	const toBytes = sampleBytes[after] ?? 0;
	if (after === 0) return toMs === timeMs ? toBytes : 0;
	const fromMs = sampleMs[after - 1] ?? 0;
	const fromBytes = sampleBytes[after - 1] ?? 0;
	const share = (timeMs - fromMs) / (toMs - fromMs);
	return fromBytes + share * (toBytes - fromBytes);
}

// What a worker has gathered about one code of one flow since it last told: counts, times, the first packet's octets.

import type { Flow, PacketPlace } from "@tunscope/fake-tcp";

/** Octets of a packet that are kept. */
export const SAMPLE_BYTES = 256;
/** Flows that are told apart at once, over all codes. */
export const MAX_AGGREGATES = 256;
/** Slot of what belongs to no flow. */
export const NO_SLOT = -1;

/** One place of a bounded table; used again and again, so that anomalies allocate nothing while they are counted. */
export class AnomalyAggregate {
	/** In anomaly-numbers.ts; -1 while the place is free. */
	number = -1;
	slot = NO_SLOT;
	family: 4 | 6 = 4;
	readonly remote = new Int32Array(4);
	remotePort = 0;
	localPort = 0;
	/** Since the last report. */
	count = 0;
	firstMs = 0;
	lastMs = 0;
	/** Of drops the largest length in octets and the flow's limit; of notices both their values, of the last one. */
	value = 0;
	other = 0;
	/** What only the daemon's own codes have. */
	text: string | null = null;
	/** 0 when there is no packet to show. */
	sampleLength = 0;
	packetLength = 0;
	faultStart = 0;
	faultLength = 0;
	/** Reports so far, as far as they matter for the next pause, and when the next one may go out. */
	reports = 0;
	nextReportMs = 0;
	/** Its slot belongs to another flow by now: the next report is the last. */
	isOver = false;

	constructor(
		/** Where its sample lies, in units of `SAMPLE_BYTES`. */
		readonly place: number,
	) {}

	begin(number: number, flow: Flow | null): void {
		this.number = number;
		this.slot = flow === null ? NO_SLOT : flow.slot;
		this.family = flow === null ? 4 : flow.family;
		if (flow !== null) this.remote.set(flow.key.subarray(0, 4));
		this.remotePort = flow === null ? 0 : flow.remotePort;
		this.localPort = flow === null ? 0 : flow.localPort;
		this.reports = 0;
		this.nextReportMs = 0;
		this.isOver = false;
		this.clear();
	}

	/** Whether this is still about the flow that has the slot now. */
	isOf(flow: Flow | null): boolean {
		if (flow === null) return this.slot === NO_SLOT;
		return (
			this.remotePort === flow.remotePort &&
			this.localPort === flow.localPort &&
			this.remote[3] === flow.key[3] &&
			this.remote[2] === flow.key[2] &&
			this.remote[1] === flow.key[1] &&
			this.remote[0] === flow.key[0]
		);
	}

	note(count: number, nowMs: number): void {
		if (this.count === 0) this.firstMs = nowMs;
		this.count += count;
		this.lastMs = nowMs;
	}

	/** Keeps the packet's first octets. */
	sample(arena: Uint8Array, place: PacketPlace, samples: Uint8Array): void {
		const length = Math.min(place.length, SAMPLE_BYTES);
		samples.set(
			arena.subarray(place.offset, place.offset + length),
			this.place * SAMPLE_BYTES,
		);
		this.sampleLength = length;
		this.packetLength = place.length;
		this.faultStart = place.faultStart;
		this.faultLength = place.faultLength;
	}

	/** Begins to count anew, after a report. */
	clear(): void {
		this.count = 0;
		this.value = 0;
		this.other = 0;
		this.text = null;
		this.sampleLength = 0;
	}
}

// The reading end of a capture ring: records one after another while they are being written, with an honest count of lost ones.

import {
	CaptureMemory,
	RECORD,
	RECORD_FLAG,
	RECORD_HEADER_BYTES,
	recordUnits,
} from "./capture-memory.js";

/** One packet as it was read from or written to the TUN. */
export interface CapturedPacket {
	/** How many packets were recorded before it. */
	readonly serial: number;
	/** Packets between the one before and this that were overwritten unread; of the first one: since the ring was made. */
	readonly lost: number;
	/** Nanoseconds since 1970. */
	readonly unixNs: bigint;
	/** Written to the TUN. */
	readonly isOutgoing: boolean;
	/** Real length, octets. */
	readonly packetBytes: number;
	/** Payload octets of each segment of a super-segment, 0 for a single one. */
	readonly segmentBytes: number;
	/** `DropReason`, when it was discarded. */
	readonly dropReason: number | null;
	/** `EngineNotice`, when something was noticed about it. */
	readonly notice: number | null;
	readonly mayBeUnfinished: boolean;
	/** Its first octets, a copy. */
	readonly bytes: Uint8Array;
}

const NS_PER_MS = 1_000_000;
/** Thirty thousand years. */
const MAX_TIME_MS = 1e15;
const MIN_UNITS = 1;

/** Any number of readers may read one ring; none of them is felt by the writer. */
export class CaptureReader {
	readonly #memory: CaptureMemory;
	readonly #maxUnits: number;
	#at: number;
	/** Of the next packet, if nothing gets lost. */
	#expectedSerial = 0;

	/** Begins at the oldest packet. */
	constructor(memory: SharedArrayBuffer) {
		this.#memory = new CaptureMemory(memory);
		this.#maxUnits = recordUnits(this.#memory.snapBytes);
		this.#at = this.#memory.head;
	}

	get snapBytes(): number {
		return this.#memory.snapBytes;
	}

	/** Milliseconds since 1970 when the ring was made. */
	get baseUnixMs(): number {
		return this.#memory.baseUnixMs;
	}

	/** Where the newest packet ends now, for `next`. */
	get end(): number {
		return this.#memory.tail;
	}

	/** @returns the next packet before `end`; null when there is none yet. */
	next(end: number): CapturedPacket | null {
		const memory = this.#memory;
		for (;;) {
			if (this.#isAtOrPast(end)) return null;
			const at = memory.offsetOf(this.#at);
			const units = memory.view.getUint32(at, true);
			const isFiller =
				(memory.view.getUint8(at + RECORD.flags) & RECORD_FLAG.filler) !== 0;
			const isSound =
				units >= MIN_UNITS &&
				units <= memory.unitsToEnd(this.#at) &&
				units <= (isFiller ? memory.capacityUnits : this.#maxUnits);
			const packet = isSound && !isFiller ? this.#read(at) : null;
			// Only now is it known whether it was overwritten meanwhile.
			if (this.#isOverwritten()) {
				this.#at = memory.head;
				continue;
			}
			if (!isSound) return null;
			this.#at = memory.advance(this.#at, units);
			if (packet === null) continue;
			this.#expectedSerial = packet.serial + 1;
			return packet;
		}
	}

	#isAtOrPast(end: number): boolean {
		const memory = this.#memory;
		if (this.#isOverwritten()) this.#at = memory.head;
		const { tail } = memory;
		return memory.distance(this.#at, tail) <= memory.distance(end, tail);
	}

	#isOverwritten(): boolean {
		const memory = this.#memory;
		const { head, tail } = memory;
		return memory.distance(this.#at, tail) > memory.distance(head, tail);
	}

	/** A copy of the record; what is torn by the writer is a wrong packet, never an exception. */
	#read(at: number): CapturedPacket {
		const { view, ring, baseUnixMs, snapBytes } = this.#memory;
		const flags = view.getUint8(at + RECORD.flags);
		const drop = view.getUint16(at + RECORD.drop, true);
		const notice = view.getUint8(at + RECORD.notice);
		const serial = view.getFloat64(at + RECORD.serial, true);
		const start = at + RECORD_HEADER_BYTES;
		const captured = Math.min(
			view.getUint16(at + RECORD.capturedBytes, true),
			snapBytes,
		);
		return {
			serial,
			lost: Math.max(0, serial - this.#expectedSerial),
			unixNs: unixNanoseconds(
				baseUnixMs,
				view.getFloat64(at + RECORD.timeMs, true),
			),
			isOutgoing: (flags & RECORD_FLAG.outgoing) !== 0,
			packetBytes: view.getUint32(at + RECORD.packetBytes, true),
			segmentBytes: view.getUint16(at + RECORD.segmentBytes, true),
			dropReason: drop === 0 ? null : drop - 1,
			notice: notice === 0 ? null : notice - 1,
			mayBeUnfinished: (flags & RECORD_FLAG.checksumMayBeUnfinished) !== 0,
			bytes: ring.slice(start, start + captured),
		};
	}
}

/** A torn record may hold anything, and a BigInt takes no NaN. */
function unixNanoseconds(baseUnixMs: number, timeMs: number): bigint {
	const isTime = Math.abs(timeMs) < MAX_TIME_MS;
	const wholeMs = isTime ? Math.floor(timeMs) : 0;
	const restNs = isTime ? Math.round((timeMs - wholeMs) * NS_PER_MS) : 0;
	return BigInt(baseUnixMs + wholeMs) * BigInt(NS_PER_MS) + BigInt(restNs);
}

// The writing end of a capture ring: a record per packet, the oldest overwritten, nothing allocated on the way.

import {
	CaptureMemory,
	RECORD,
	RECORD_FLAG,
	RECORD_HEADER_BYTES,
	recordUnits,
} from "./capture-memory.js";

/** One packet to be recorded; one object is reused. */
export interface RecordDraft {
	/** Milliseconds since the memory's base. */
	timeMs: number;
	/** `RECORD_FLAG` bits. */
	flags: number;
	packetBytes: number;
	/** How much of the packet will follow, at most the snap length. */
	capturedBytes: number;
	/** Payload octets of each segment of a super-segment, 0 for a single one. */
	segmentBytes: number;
}

/**
 * Only one thread writes. Records become visible with `publish`, so that what is found out about a packet
 * meanwhile can still be noted in its record. `head` moves on before anything old is overwritten: a reader that
 * has copied a record looks at `head` again and throws away what may be torn.
 */
export class CaptureRing {
	readonly snapBytes: number;
	/** Of the record that `begin` made last, for `markDrop` and `markNotice`. */
	lastPosition = 0;
	readonly #memory: CaptureMemory;
	#head: number;
	#tail: number;
	#published: number;
	#serial: number;

	constructor(memory: SharedArrayBuffer) {
		this.#memory = new CaptureMemory(memory);
		this.snapBytes = this.#memory.snapBytes;
		this.#head = this.#memory.head;
		// Beyond the published ones stands what an earlier worker died of.
		this.#tail = this.#memory.written;
		this.#published = this.#memory.tail;
		this.#serial = this.#memory.nextSerial;
		this.publish();
	}

	get baseUnixMs(): number {
		return this.#memory.baseUnixMs;
	}

	/** Where the packet's octets belong: `bytes` is the ring, `begin` gives the offset in it. */
	get bytes(): DataView {
		return this.#memory.view;
	}

	/**
	 * Makes room and writes the record's header. The caller puts `capturedBytes` octets at the offset.
	 * @returns an offset into `bytes`
	 */
	begin(draft: RecordDraft): number {
		const units = recordUnits(draft.capturedBytes);
		const toEnd = this.#memory.unitsToEnd(this.#tail);
		if (units > toEnd) this.#fill(toEnd);
		this.#makeRoom(units);
		this.lastPosition = this.#tail;
		const at = this.#memory.offsetOf(this.#tail);
		const { view } = this.#memory;
		view.setUint32(at + RECORD.units, units, true);
		view.setUint16(at + RECORD.drop, 0, true);
		view.setUint8(at + RECORD.notice, 0);
		view.setUint8(at + RECORD.flags, draft.flags);
		view.setFloat64(at + RECORD.timeMs, draft.timeMs, true);
		view.setFloat64(at + RECORD.serial, this.#serial, true);
		view.setUint32(at + RECORD.packetBytes, draft.packetBytes, true);
		view.setUint16(at + RECORD.capturedBytes, draft.capturedBytes, true);
		view.setUint16(at + RECORD.segmentBytes, draft.segmentBytes, true);
		this.#tail = this.#memory.advance(this.#tail, units);
		this.#serial++;
		return at + RECORD_HEADER_BYTES;
	}

	/** Notes in a record that is not published yet why its packet was discarded. */
	markDrop(position: number, reason: number): void {
		if (!this.#isHeld(position)) return;
		const at = this.#memory.offsetOf(position);
		this.#memory.view.setUint16(at + RECORD.drop, reason + 1, true);
	}

	/** Notes what else was noticed about its packet; the last one counts. */
	markNotice(position: number, notice: number): void {
		if (!this.#isHeld(position)) return;
		const at = this.#memory.offsetOf(position);
		this.#memory.view.setUint8(at + RECORD.notice, notice + 1);
	}

	/** What is recorded so far outlives this worker, published or not. */
	secure(): void {
		this.#memory.nextSerial = this.#serial;
		this.#memory.written = this.#tail;
	}

	/** Everything recorded so far may be read. */
	publish(): void {
		if (this.#published === this.#tail) return;
		this.#published = this.#tail;
		this.secure();
		this.#memory.tail = this.#tail;
	}

	/** False once a batch larger than the ring has overwritten its own beginning. */
	#isHeld(position: number): boolean {
		const memory = this.#memory;
		return (
			memory.distance(position, this.#tail) <=
			memory.distance(this.#head, this.#tail)
		);
	}

	#fill(units: number): void {
		this.#makeRoom(units);
		const at = this.#memory.offsetOf(this.#tail);
		this.#memory.view.setUint32(at + RECORD.units, units, true);
		this.#memory.view.setUint8(at + RECORD.flags, RECORD_FLAG.filler);
		this.#tail = this.#memory.advance(this.#tail, units);
	}

	#makeRoom(units: number): void {
		const memory = this.#memory;
		const { capacityUnits } = memory;
		let head = this.#head;
		while (memory.distance(head, this.#tail) + units > capacityUnits) {
			// Readers must never find the oldest record behind the newest.
			if (head === this.#published) this.publish();
			const at = memory.offsetOf(head);
			head = memory.advance(head, memory.view.getUint32(at, true));
		}
		if (head === this.#head) return;
		this.#head = head;
		memory.head = head;
	}
}

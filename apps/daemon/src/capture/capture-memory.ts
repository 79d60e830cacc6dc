// The memory of a capture ring, shared by the worker that writes it and the main thread that reads it: layout and positions.

/**
 * Records lie one behind the other in units of 8 octets; none straddles the end, a filler stands there instead.
 * A position counts units and starts anew at a multiple of the capacity, so that it fits one atomic word: readers
 * would have to sleep through gigabytes to take one for another.
 */
const UNIT_BYTES = 8;
const HEADER_BYTES = 64;
/** Words of the header that change: where the oldest record begins, and where the newest one ends. */
const HEAD_WORD = 0;
const TAIL_WORD = 1;
/** Where the newest record ends that is complete but for what may still be noted in it. */
const WRITTEN_WORD = 2;
const SNAP_WORD = 3;
const BASE_BYTE = 16;
const NEXT_SERIAL_BYTE = 24;
const MAX_POSITION = 2 ** 31 - 1;

/** A record: this many octets, then the packet's first ones. */
export const RECORD_HEADER_BYTES = 32;
/** Octets counted from the start of a record. */
export const RECORD = {
	/** Length of the whole record, in units. */
	units: 0,
	/** `DropReason` + 1, 0 for none. */
	drop: 4,
	/** `EngineNotice` + 1, 0 for none. */
	notice: 6,
	flags: 7,
	/** Milliseconds since the memory's base, a Float64. */
	timeMs: 8,
	/** How many packets were recorded before this one, a Float64. */
	serial: 16,
	/** The packet's real length. */
	packetBytes: 24,
	/** How much of it follows. */
	capturedBytes: 28,
	/** Payload octets of each segment of a super-segment, 0 for a single one. */
	segmentBytes: 30,
} as const;

export const RECORD_FLAG = {
	filler: 1,
	/** Written to the TUN, as opposed to read from it. */
	outgoing: 2,
	/** Its TCP checksum may be the pseudo header's sum alone: the kernel or the network card finishes it (NEEDS_CSUM). */
	checksumMayBeUnfinished: 4,
} as const;

export interface CaptureMemoryOptions {
	/** Of the records together; the header comes on top. A multiple of 8. */
	readonly ringBytes: number;
	/** Longest part of a packet that is kept. */
	readonly snapBytes: number;
	/** Whole milliseconds since 1970 from which records count their time. */
	readonly baseUnixMs: number;
}

/** Pages that nothing was written to yet take no memory. */
export function createCaptureMemory(
	options: CaptureMemoryOptions,
): SharedArrayBuffer {
	const ringBytes = Math.floor(options.ringBytes / UNIT_BYTES) * UNIT_BYTES;
	const memory = new SharedArrayBuffer(HEADER_BYTES + ringBytes);
	new Int32Array(memory)[SNAP_WORD] = options.snapBytes;
	new DataView(memory).setFloat64(BASE_BYTE, options.baseUnixMs, true);
	return memory;
}

/** What writer and reader both know about one ring. */
export class CaptureMemory {
	/** Of the records; offsets count from its start. */
	readonly ring: Uint8Array;
	readonly view: DataView;
	readonly capacityUnits: number;
	readonly snapBytes: number;
	readonly baseUnixMs: number;
	readonly #words: Int32Array;
	readonly #header: DataView;
	readonly #modulus: number;

	constructor(memory: SharedArrayBuffer) {
		this.ring = new Uint8Array(memory, HEADER_BYTES);
		this.view = new DataView(memory, HEADER_BYTES);
		this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
		this.#header = new DataView(memory, 0, HEADER_BYTES);
		this.capacityUnits = this.ring.length / UNIT_BYTES;
		this.#modulus =
			this.capacityUnits * Math.floor(MAX_POSITION / this.capacityUnits);
		this.snapBytes = this.#words[SNAP_WORD] ?? 0;
		this.baseUnixMs = this.#header.getFloat64(BASE_BYTE, true);
	}

	/** Where the oldest record begins. */
	get head(): number {
		return Atomics.load(this.#words, HEAD_WORD);
	}

	set head(position: number) {
		Atomics.store(this.#words, HEAD_WORD, position);
	}

	/** Where the newest record that may be read ends. */
	get tail(): number {
		return Atomics.load(this.#words, TAIL_WORD);
	}

	set tail(position: number) {
		Atomics.store(this.#words, TAIL_WORD, position);
	}

	/** Equals `tail` but in the middle of a batch: what a worker that dies there has read last. */
	get written(): number {
		return Atomics.load(this.#words, WRITTEN_WORD);
	}

	set written(position: number) {
		Atomics.store(this.#words, WRITTEN_WORD, position);
	}

	/** Packets recorded before the next one; a worker that is started again goes on from here. */
	get nextSerial(): number {
		return this.#header.getFloat64(NEXT_SERIAL_BYTE, true);
	}

	set nextSerial(serial: number) {
		this.#header.setFloat64(NEXT_SERIAL_BYTE, serial, true);
	}

	/** Octets from the start of the ring. */
	offsetOf(position: number): number {
		return (position % this.capacityUnits) * UNIT_BYTES;
	}

	/** Units between a position and the end of the memory. */
	unitsToEnd(position: number): number {
		return this.capacityUnits - (position % this.capacityUnits);
	}

	advance(position: number, units: number): number {
		const next = position + units;
		return next >= this.#modulus ? next - this.#modulus : next;
	}

	/** Units from one position on to a later one. */
	distance(from: number, to: number): number {
		return to >= from ? to - from : to - from + this.#modulus;
	}
}

/** Units of a record that holds so much of a packet. */
export function recordUnits(capturedBytes: number): number {
	return Math.ceil((RECORD_HEADER_BYTES + capturedBytes) / UNIT_BYTES);
}

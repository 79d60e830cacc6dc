// What the pump records while a capture is on: each batch read from the TUN, each batch written to it, and the engine's verdicts.

import type { PacketPlace } from "@tunscope/fake-tcp";
import {
	type GatherTrains,
	PACKET_VERDICT,
	type PacketBatch,
} from "@tunscope/tun";
import { CaptureClock, type ClockSources } from "./capture-clock.js";
import { RECORD_FLAG } from "./capture-memory.js";
import { CaptureRing, type RecordDraft } from "./capture-ring.js";

export interface PacketCaptureOptions {
	/** Of the ring. */
	readonly memory: SharedArrayBuffer;
	/** Where packets, headers and payloads lie. */
	readonly arena: Uint8Array;
	readonly packetsPerBatch: number;
	readonly clocks: ClockSources;
}

/** Nothing is allocated per packet: the octets are copied word by word, because a view of them would be an object. */
export class PacketCapture {
	readonly #ring: CaptureRing;
	readonly #clock: CaptureClock;
	readonly #arena: DataView;
	readonly #draft: RecordDraft = {
		timeMs: 0,
		flags: 0,
		packetBytes: 0,
		capturedBytes: 0,
		segmentBytes: 0,
	};
	/** Of the batch under way: the records' positions. */
	readonly #positions: Int32Array;
	#batch: PacketBatch | null = null;

	constructor(options: PacketCaptureOptions) {
		const { memory, arena, packetsPerBatch, clocks } = options;
		this.#ring = new CaptureRing(memory);
		this.#clock = new CaptureClock(this.#ring.baseUnixMs, clocks);
		this.#arena = new DataView(arena.buffer, arena.byteOffset, arena.length);
		this.#positions = new Int32Array(packetsPerBatch);
	}

	/** Call it a few times a second. */
	tick(): void {
		this.#clock.follow();
	}

	/** A batch was read; what the engine says about its packets before `endBatch` is noted with them. */
	beginBatch(batch: PacketBatch): void {
		const ring = this.#ring;
		const draft = this.#draft;
		draft.timeMs = this.#clock.nowMs();
		for (let packet = 0; packet < batch.count; packet++) {
			const length = batch.length[packet] ?? 0;
			const isVouchedFor =
				batch.verdict[packet] === PACKET_VERDICT.checksumGood;
			draft.flags = isVouchedFor ? RECORD_FLAG.checksumMayBeUnfinished : 0;
			draft.packetBytes = length;
			draft.capturedBytes = Math.min(length, ring.snapBytes);
			draft.segmentBytes = batch.segmentSize[packet] ?? 0;
			const at = ring.begin(draft);
			this.#positions[packet] = ring.lastPosition;
			this.#copy(batch.offset[packet] ?? 0, draft.capturedBytes, at);
		}
		this.#batch = batch;
		ring.secure();
	}

	/** From now on the batch can be read. */
	endBatch(): void {
		this.#batch = null;
		this.#ring.publish();
	}

	/** The engine discarded something; where it was a packet of the batch, its record says so. */
	dropped(reason: number, place: PacketPlace): void {
		const packet = this.#packetAt(place.offset);
		if (packet < 0) return;
		this.#ring.markDrop(this.#positions[packet] ?? 0, reason);
	}

	noticed(notice: number, place: PacketPlace): void {
		const packet = this.#packetAt(place.offset);
		if (packet < 0) return;
		this.#ring.markNotice(this.#positions[packet] ?? 0, notice);
	}

	/**
	 * The trains were handed to the TUN.
	 * @param lost the reason when the device took none of them; null when it took some: it does not say which.
	 */
	written(trains: GatherTrains, lost: number | null): void {
		const ring = this.#ring;
		const draft = this.#draft;
		draft.timeMs = this.#clock.nowMs();
		draft.flags = RECORD_FLAG.outgoing | RECORD_FLAG.checksumMayBeUnfinished;
		for (let train = 0; train < trains.count; train++) {
			const headerBytes = trains.headerLength[train] ?? 0;
			const payloadBytes = trains.totalLength[train] ?? 0;
			const segmentBytes = trains.segmentSize[train] ?? 0;
			draft.packetBytes = headerBytes + payloadBytes;
			draft.capturedBytes = Math.min(draft.packetBytes, ring.snapBytes);
			draft.segmentBytes = payloadBytes > segmentBytes ? segmentBytes : 0;
			this.#copyTrain(trains, train, ring.begin(draft));
			if (lost !== null) ring.markDrop(ring.lastPosition, lost);
		}
		// In the middle of a batch the records before are not complete yet.
		if (this.#batch === null) ring.publish();
	}

	#copyTrain(trains: GatherTrains, train: number, start: number): void {
		let left = this.#draft.capturedBytes;
		let at = start;
		const header = Math.min(left, trains.headerLength[train] ?? 0);
		this.#copy(trains.headerOffset[train] ?? 0, header, at);
		at += header;
		left -= header;
		const { regions } = trains;
		let region = trains.firstRegion[train] ?? -1;
		while (region >= 0 && left > 0) {
			const taken = Math.min(left, regions.length[region] ?? 0);
			this.#copy(regions.offset[region] ?? 0, taken, at);
			at += taken;
			left -= taken;
			region = regions.next[region] ?? -1;
		}
	}

	#copy(from: number, length: number, to: number): void {
		const source = this.#arena;
		const target = this.#ring.bytes;
		const wholeWords = length & ~3;
		let at = 0;
		for (; at < wholeWords; at += 4)
			target.setInt32(to + at, source.getInt32(from + at));
		for (; at < length; at++)
			target.setUint8(to + at, source.getUint8(from + at));
	}

	/** @returns the packet of the batch that begins there, -1 for none. Batches are packed one packet behind another. */
	#packetAt(offset: number): number {
		const batch = this.#batch;
		if (batch === null) return -1;
		let low = 0;
		let high = batch.count - 1;
		while (low <= high) {
			const middle = (low + high) >>> 1;
			const begin = batch.offset[middle] ?? 0;
			if (begin === offset) return middle;
			if (begin < offset) low = middle + 1;
			else high = middle - 1;
		}
		return -1;
	}
}

// A TUN device in memory: what is written goes to its peer or to an outbox; what is read was written by the peer or injected.

import { constants } from "node:os";
import type { GatherTrains } from "../gather-trains.js";
import { invariant } from "../invariant.js";
import { failWithoutCall } from "../native/system-failure.js";
import { READY } from "../packet-io.js";
import {
	PACKET_VERDICT,
	type PacketBatch,
	type TunDevice,
	type TunOffloads,
	type TunWriteOutcome,
} from "../tun-device.js";
import {
	checkTrainCount,
	gatherFragment,
	gatherTrain,
} from "./gathered-train.js";
import { MemoryPacketBatch } from "./memory-batches.js";
import { PollSource } from "./memory-poller.js";
import { cutTrain, joinTrain, segmentsIn, type Train } from "./segmentation.js";
import { byteAt, hasRightChecksum, locateWholeTcp } from "./tcp-segment.js";

/** The kernel's txqueuelen of a TUN: packets that wait to be read; further ones are dropped. */
const QUEUE_PACKETS = 500;
/** Packets that the outbox of an unconnected device keeps; the oldest go first. */
const OUTBOX_PACKETS = 65_536;
const PACKET_ROOM_BYTES = 65_536;
const VIRTIO_HEADER_BYTES = 10;
const ALIGNMENT_BYTES = 64;
const EBADFD = 77;

/** A packet on its way through memory. */
export interface MemoryPacket {
	readonly bytes: Uint8Array;
	/** Payload bytes of each segment of a super-segment, 0 for one segment. */
	readonly segmentSize: number;
	/** True when the TCP checksum field holds the pseudo-header sum only. */
	readonly isChecksumPartial: boolean;
}

/** What the factory decides about a device. */
export interface MemoryTunParts {
	readonly name: string;
	readonly interfaceIndex: number;
	readonly arena: Uint8Array;
	readonly offloads: TunOffloads;
	readonly onClose: (tun: MemoryTun) => void;
}

function aligned(offset: number): number {
	return Math.ceil(offset / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function verdictOf(packet: MemoryPacket): number {
	const location = locateWholeTcp(packet.bytes);
	if (location === null) {
		return PACKET_VERDICT.checksumUnknown;
	}
	const isGood =
		packet.isChecksumPartial || hasRightChecksum(packet.bytes, location);
	return isGood ? PACKET_VERDICT.checksumGood : PACKET_VERDICT.checksumBad;
}

export class MemoryTun extends PollSource implements TunDevice {
	readonly name: string;
	readonly interfaceIndex: number;
	readonly offloads: TunOffloads;
	peer: MemoryTun | null = null;
	isDown = false;
	isGone = false;
	isOpen = true;
	currentLinkMtuBytes = 1_500;
	readonly outbox: Uint8Array[] = [];
	readonly #queue: MemoryPacket[] = [];
	readonly #arena: Uint8Array;
	readonly #onClose: (tun: MemoryTun) => void;
	readonly #outcome: TunWriteOutcome = {
		segmentsWritten: 0,
		segmentsDroppedQueueFull: 0,
		segmentsDroppedDeviceDown: 0,
		segmentsDroppedOther: 0,
		lastErrno: 0,
		isGone: false,
	};

	constructor(parts: MemoryTunParts) {
		super();
		this.name = parts.name;
		this.interfaceIndex = parts.interfaceIndex;
		this.offloads = parts.offloads;
		this.#arena = parts.arena;
		this.#onClose = parts.onClose;
	}

	readyFlags(): number {
		const readable = this.#queue.length > 0 ? READY.readable : 0;
		return this.isGone ? READY.error : readable;
	}

	/** Puts a packet where the next reads find it; a full queue drops it, as the kernel does. */
	enqueue(packet: MemoryPacket): void {
		if (!this.isDown && !this.isGone && this.#queue.length < QUEUE_PACKETS) {
			this.#queue.push(packet);
			this.wake();
		}
	}

	readBatch(batch: PacketBatch, limit = Number.POSITIVE_INFINITY): number {
		invariant(
			batch instanceof MemoryPacketBatch,
			"The batch was not made by this factory.",
		);
		batch.count = 0;
		if (this.isGone || !this.isOpen) {
			return -1;
		}
		const { arena, offset, length } = batch.region;
		const end = offset + length;
		let start = aligned(offset + VIRTIO_HEADER_BYTES);
		const most = Math.min(limit, batch.capacity);
		while (batch.count < most && start + PACKET_ROOM_BYTES <= end) {
			const packet = this.#queue.shift();
			if (packet === undefined) {
				break;
			}
			arena.set(packet.bytes, start);
			batch.offset[batch.count] = start;
			batch.length[batch.count] = packet.bytes.length;
			batch.segmentSize[batch.count] = packet.segmentSize;
			batch.verdict[batch.count] = verdictOf(packet);
			batch.count += 1;
			start = aligned(start + packet.bytes.length + VIRTIO_HEADER_BYTES);
		}
		return batch.count;
	}

	writeTrains(trains: GatherTrains): TunWriteOutcome {
		checkTrainCount(trains);
		const outcome = this.#outcome;
		outcome.segmentsWritten = 0;
		outcome.segmentsDroppedDeviceDown = 0;
		outcome.segmentsDroppedOther = 0;
		outcome.lastErrno = 0;
		outcome.isGone = false;
		for (let index = 0; index < trains.count; index += 1) {
			const fragment = gatherFragment(trains, index, this.#arena);
			if (fragment === null) {
				const train = gatherTrain(trains, index, this.#arena);
				this.#writeTrain(train, outcome);
			} else if (this.#takes(1, outcome)) this.#send([fragment]);
		}
		return outcome;
	}

	linkMtuBytes(): number {
		if (this.isGone || !this.isOpen) {
			throw failWithoutCall(
				this.isOpen ? "DEVICE_GONE" : "CLOSED",
				`${this.name} is no more.`,
			);
		}
		return this.currentLinkMtuBytes;
	}

	close(): void {
		if (this.isOpen) {
			this.isOpen = false;
			this.#queue.length = 0;
			this.#onClose(this);
		}
	}

	#writeTrain(train: Train, outcome: TunWriteOutcome): void {
		if (!this.#takes(segmentsIn(train), outcome)) return;
		const { peer } = this;
		// The kernel hands a train over whole where both sides can, and cuts it where not.
		if (
			peer !== null &&
			this.#canCarryWhole(train) &&
			peer.#canCarryWhole(train)
		) {
			const { segmentSize } = train;
			const bytes = joinTrain(train);
			peer.enqueue({ bytes, segmentSize, isChecksumPartial: true });
			return;
		}
		this.#send(cutTrain(train, "finished"));
	}

	/** Counts these segments as written, or as what stands in the way. */
	#takes(segments: number, outcome: TunWriteOutcome): boolean {
		if (this.isGone || !this.isOpen) {
			outcome.isGone = true;
			outcome.segmentsDroppedOther += segments;
			outcome.lastErrno = EBADFD;
			return false;
		}
		if (this.isDown) {
			outcome.segmentsDroppedDeviceDown += segments;
			outcome.lastErrno = constants.errno.EIO;
			return false;
		}
		outcome.segmentsWritten += segments;
		return true;
	}

	/** Finished packets, to the peer or, without one, to the outbox. */
	#send(packets: readonly Uint8Array[]): void {
		if (this.peer === null) {
			this.outbox.push(...packets);
			this.outbox.splice(0, this.outbox.length - OUTBOX_PACKETS);
			return;
		}
		for (const bytes of packets) {
			this.peer.enqueue({ bytes, segmentSize: 0, isChecksumPartial: false });
		}
	}

	#canCarryWhole(train: Train): boolean {
		const isIpv4 = byteAt(train.header, 0) >> 4 === 4;
		const tso = isIpv4 ? this.offloads.tso4 : this.offloads.tso6;
		return this.offloads.checksum && (train.segmentSize === 0 || tso);
	}
}

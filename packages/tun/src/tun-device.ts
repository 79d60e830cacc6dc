// The TUN device as the rest of the product sees it: batch reads into an arena, gather writes of trains.

import type { GatherTrains } from "./gather-trains.js";

/** What the kernel does for us on this TUN device; each is detected once, at open. */
export interface TunOffloads {
	/** TUN_F_CSUM: unfinished checksums may be handed over in both directions. */
	readonly checksum: boolean;
	/** TUN_F_TSO4: IPv4 super-segments in both directions. */
	readonly tso4: boolean;
	/** TUN_F_TSO6: IPv6 super-segments in both directions. */
	readonly tso6: boolean;
}

export interface TunOpenOptions {
	/** Interface name; "" or a name with `%d` asks for the next free one (default "tun%d"). */
	readonly name?: string;
	/** The worker's arena. All offsets in batches are offsets into it. */
	readonly arena: Uint8Array;
	/** "auto" takes what the kernel has; "none" turns all offloads off (tests, broken drivers). */
	readonly offloads?: "auto" | "none";
}

/** `PacketBatch.verdict`: what is known about the TCP checksum of a packet read from the TUN. */
export const PACKET_VERDICT = {
	/** The kernel vouches for it (NEEDS_CSUM or DATA_VALID), or we summed it ourselves and it is right. */
	checksumGood: 0,
	/** We summed it and it is wrong. */
	checksumBad: 1,
	/** Not summed: not a whole TCP segment (fragment, other protocol, malformed). */
	checksumUnknown: 2,
	/** The virtio-net header contradicts the packet (offsets out of range, unknown GSO type). */
	badVirtioHeader: 3,
} as const;

/** Packets read from the TUN by one `readBatch`. `offset[i]` is where the IP header starts in the arena. */
export interface PacketBatch {
	/** Packets in this batch; set by `readBatch`. */
	count: number;
	readonly capacity: number;
	readonly offset: Int32Array;
	/** Bytes of the IP packet (virtio header not included). 0 is possible and is the caller's to count. */
	readonly length: Int32Array;
	/** Payload bytes of each TCP segment in a super-segment (`gso_size`); 0 when the packet is one segment. */
	readonly segmentSize: Int32Array;
	/** One of `PACKET_VERDICT`. */
	readonly verdict: Uint8Array;
}

/**
 * Totals of one `writeTrains`, in segments: a train counts as many as it holds, a bare segment counts one. Reused
 * between calls, no allocation.
 */
export interface TunWriteOutcome {
	/** Segments the kernel took. */
	segmentsWritten: number;
	/** Segments dropped because the queue was full (EAGAIN, ENOBUFS). */
	segmentsDroppedQueueFull: number;
	/** Segments dropped because the device is down (EIO). */
	segmentsDroppedDeviceDown: number;
	/** Segments dropped for any other errno; `lastErrno` says which. */
	segmentsDroppedOther: number;
	/** errno of the last failure, 0 when none. */
	lastErrno: number;
	/** True once the device is gone (EBADFD, ENODEV): close it. */
	isGone: boolean;
}

export interface TunDevice {
	readonly name: string;
	readonly interfaceIndex: number;
	readonly offloads: TunOffloads;
	/**
	 * Reads packets until nothing is left, the batch is full, or the batch's region of the arena could not hold
	 * one more packet of 64 KiB. Packets are packed one after another, so one region serves 64 super-segments
	 * or 1,024 small segments.
	 * @param limit packets at most. A reader who expects one packet and asks for one saves the read that finds nothing.
	 * @returns the number of packets, or -1 when the device is gone (EBADFD): close it, or poll will spin.
	 */
	readBatch(batch: PacketBatch, limit?: number): number;
	/**
	 * Writes every train of the batch; failures are counted in the outcome, never thrown. The header in the
	 * arena carries the pseudo-header sum in its TCP checksum field (virtio NEEDS_CSUM form); the writer
	 * finishes the checksum, and cuts the train, itself where the device cannot.
	 */
	writeTrains(trains: GatherTrains): TunWriteOutcome;
	/** The device's MTU as the kernel has it now. */
	linkMtuBytes(): number;
	/** Idempotent. */
	close(): void;
}

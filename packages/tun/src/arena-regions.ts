// Checks on the parts of the arena that batches may fill, the same for every implementation.

import { invariant } from "./invariant.js";
import { checkArena, isIntegerWithin } from "./open-options.js";
import { DATAGRAM_SLOT_BYTES } from "./packet-io.js";

/** Part of an arena, in bytes. */
export interface ArenaRegion {
	readonly arena: Uint8Array;
	readonly offset: number;
	readonly length: number;
}

/** Room for one packet of 64 KiB, its virtio header (10), and alignment to a cache line (64). */
export const MIN_PACKET_REGION_BYTES = 65_536 + 10 + 64;
/** The kernel takes no more messages in one recvmmsg. */
const MAX_CAPACITY = 65_536;

function checkRegion(region: ArenaRegion, capacity: number): void {
	const { arena, offset, length } = region;
	checkArena(arena);
	invariant(
		isIntegerWithin(capacity, 1, MAX_CAPACITY),
		`A batch holds 1 to ${MAX_CAPACITY} entries, not ${capacity}.`,
	);
	invariant(
		isIntegerWithin(offset, 0, arena.length) &&
			isIntegerWithin(length, 0, arena.length - offset),
		`The region of ${length} bytes from ${offset} does not lie in an arena of ${arena.length} bytes.`,
	);
}

export function checkPacketRegion(region: ArenaRegion, capacity: number): void {
	checkRegion(region, capacity);
	invariant(
		region.length >= MIN_PACKET_REGION_BYTES,
		`A packet region has at least ${MIN_PACKET_REGION_BYTES} bytes, or nothing could ever be read into it.`,
	);
}

/** @returns the region that `capacity` slots take from `offset` on. */
export function datagramRegion(
	arena: Uint8Array,
	offset: number,
	capacity: number,
): ArenaRegion {
	const region = { arena, offset, length: capacity * DATAGRAM_SLOT_BYTES };
	checkRegion(region, capacity);
	return region;
}

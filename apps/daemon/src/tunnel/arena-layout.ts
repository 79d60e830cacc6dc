// One arena per worker: where received packets, received datagrams, outgoing headers and staged datagrams lie.

import {
	HEADER_SLOT_BYTES,
	invariant,
	REASSEMBLY_LIMITS,
	reassemblyRegionBytes,
} from "@tunscope/fake-tcp";
import { DATAGRAM_SLOT_BYTES } from "@tunscope/tun";

const MIB = 1024 * 1024;

/** 64 super-segments of 64 KiB, or 1,024 small segments: packets are packed, so the batch adapts by itself. */
const PACKET_REGION_BYTES = 4 * MIB + 128 * 1024;
export const PACKETS_PER_BATCH = 1_024;
/** Slots are virtual memory until a datagram lands in them. */
export const DATAGRAMS_PER_BATCH = 1_024;
export const OUTGOING_TRAINS = 2_048;
const STAGING_BYTES = 256 * 1024;
/** 32 flows may hold a super-segment back at once; untouched memory otherwise. */
const HELD_BYTES = 2 * MIB;

export interface Region {
	readonly offset: number;
	readonly length: number;
}

export interface ArenaLayout {
	readonly arena: Uint8Array;
	readonly packets: Region;
	readonly datagrams: Region;
	readonly headers: Region;
	readonly staging: Region;
	readonly reassembly: Region;
	readonly held: Region;
}

export function createArena(): ArenaLayout {
	const lengths = [
		PACKET_REGION_BYTES,
		DATAGRAMS_PER_BATCH * DATAGRAM_SLOT_BYTES,
		OUTGOING_TRAINS * HEADER_SLOT_BYTES,
		STAGING_BYTES,
		// Virtual memory until fragments come.
		reassemblyRegionBytes(REASSEMBLY_LIMITS),
		HELD_BYTES,
	] as const;
	let end = 0;
	const regions = lengths.map((length) => {
		const region = { offset: end, length };
		// Page-aligned, so that untouched slots cost nothing.
		end += Math.ceil(length / 4_096) * 4_096;
		return region;
	});
	const [packets, datagrams, headers, staging, reassembly, held] = regions;
	invariant(
		packets !== undefined &&
			datagrams !== undefined &&
			headers !== undefined &&
			staging !== undefined &&
			reassembly !== undefined &&
			held !== undefined,
		"there are six regions",
	);
	const arena = new Uint8Array(end);
	return { arena, packets, datagrams, headers, staging, reassembly, held };
}

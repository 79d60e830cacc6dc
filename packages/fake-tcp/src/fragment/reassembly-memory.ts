// Divides the reassembler's part of the arena into tables, blocks and room for whole datagrams.

import { invariant } from "../invariant.js";
import type { ReassemblyLimits } from "./reassembly-limits.js";

/** Pieces are kept in chains of blocks: small enough for tails of 8 octets, three for a common fragment. */
export const BLOCK_BYTES = 512;
/** Slots and blocks are numbered from 1, so that untouched memory, all zeros, says "none". */
export const NONE = 0;
/** IPv6's payload length counts 65,535 octets behind its header. */
const LARGEST_PACKET_BYTES = 40 + 65_535;
/** Some whole datagrams of a batch lie side by side until they are delivered. */
const WHOLE_BYTES = 4 * LARGEST_PACKET_BYTES;
/** Doubles want it. */
const ALIGNMENT_BYTES = 8;
/** 32-bit words per block and per datagram, at most; doubles count twice. */
const WORDS_PER_BLOCK = 4;
const WORDS_PER_DATAGRAM = 26;
/** Heads of hash chains and of sources' lists: a fixed number, so that a small table is still a table. */
export const HASH_PLACES = 4_096;
export const SOURCE_PLACES = 1_024;
const WORDS_PER_SOURCE = 4;

export interface MemoryRegion {
	readonly offset: number;
	readonly length: number;
}

export function blocksIn(limits: ReassemblyLimits): number {
	return Math.floor(limits.highWatermarkBytes / BLOCK_BYTES);
}

/** Octets that a reassembler with these limits needs. Virtual memory until fragments come. */
export function reassemblyRegionBytes(limits: ReassemblyLimits): number {
	const words =
		(blocksIn(limits) + 1) * WORDS_PER_BLOCK +
		(limits.maxDatagrams + 1) * WORDS_PER_DATAGRAM +
		HASH_PLACES +
		SOURCE_PLACES * WORDS_PER_SOURCE;
	const blocks = (blocksIn(limits) + 1) * BLOCK_BYTES;
	return words * 4 + blocks + WHOLE_BYTES + 64 * ALIGNMENT_BYTES;
}

/** Hands the region out from its start. What it gives must be all zeros: nothing has been there before. */
export class ReassemblyMemory {
	readonly arena: Uint8Array;
	readonly #end: number;
	#next: number;

	constructor(arena: Uint8Array, region: MemoryRegion) {
		this.arena = arena;
		this.#next = region.offset;
		this.#end = region.offset + region.length;
	}

	words(count: number): Int32Array {
		const at = this.#take(count * Int32Array.BYTES_PER_ELEMENT);
		return new Int32Array(this.arena.buffer, this.arena.byteOffset + at, count);
	}

	doubles(count: number): Float64Array {
		const at = this.#take(count * Float64Array.BYTES_PER_ELEMENT);
		return new Float64Array(
			this.arena.buffer,
			this.arena.byteOffset + at,
			count,
		);
	}

	/** @returns an offset in the arena. */
	octets(count: number): number {
		return this.#take(count);
	}

	/** The rest, for whole datagrams. */
	wholeRegion(): MemoryRegion {
		return { offset: this.#take(WHOLE_BYTES), length: WHOLE_BYTES };
	}

	#take(bytes: number): number {
		const base = this.arena.byteOffset;
		const at =
			Math.ceil((base + this.#next) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES - base;
		this.#next = at + bytes;
		invariant(
			this.#next <= this.#end,
			"the reassembly region has the size that its limits ask for",
		);
		return at;
	}
}

// Octets of fragments in chains of fixed blocks: memory that is bounded, counted and never allocated.

import { invariant } from "../invariant.js";
import {
	BLOCK_BYTES,
	NONE,
	type ReassemblyMemory,
} from "./reassembly-memory.js";

/** A piece is named by its first block. All tables are indexed by block number; a block no piece begins with leaves its entries alone. */
export class PieceStore {
	/** Where the piece belongs in its datagram, in octets. */
	readonly start: Int32Array;
	readonly length: Int32Array;
	/** The next piece of the datagram, by place in it. */
	readonly nextPiece: Int32Array;
	readonly #arena: Uint8Array;
	readonly #blocksAt: number;
	readonly #blockCount: number;
	readonly #nextBlock: Int32Array;
	#free = NONE;
	/** Blocks from here on have never been used. */
	#fresh = 1;
	#used = 0;

	constructor(memory: ReassemblyMemory, blockCount: number) {
		this.#arena = memory.arena;
		this.#blockCount = blockCount;
		this.start = memory.words(blockCount + 1);
		this.length = memory.words(blockCount + 1);
		this.nextPiece = memory.words(blockCount + 1);
		this.#nextBlock = memory.words(blockCount + 1);
		this.#blocksAt = memory.octets((blockCount + 1) * BLOCK_BYTES);
	}

	/** In whole blocks. */
	get usedBytes(): number {
		return this.#used * BLOCK_BYTES;
	}

	get limitBytes(): number {
		return this.#blockCount * BLOCK_BYTES;
	}

	/** Memory that a piece of this many octets takes. */
	static bytesFor(length: number): number {
		return Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
	}

	/** Copies 1 octet or more from the arena. The caller has seen to it that there is room. */
	put(offset: number, length: number): number {
		const first = this.#takeBlock();
		this.length[first] = length;
		let block = first;
		for (let done = 0; ; ) {
			const count = Math.min(BLOCK_BYTES, length - done);
			const from = offset + done;
			this.#arena.copyWithin(this.#at(block), from, from + count);
			done += count;
			if (done === length) return first;
			const next = this.#takeBlock();
			this.#nextBlock[block] = next;
			block = next;
		}
	}

	copyTo(piece: number, target: number): void {
		const length = this.length[piece] ?? 0;
		let block = piece;
		for (let done = 0; done < length; done += BLOCK_BYTES) {
			const from = this.#at(block);
			const count = Math.min(BLOCK_BYTES, length - done);
			this.#arena.copyWithin(target + done, from, from + count);
			block = this.#nextBlock[block] ?? NONE;
		}
	}

	/** True when the piece has the same octets as the arena from `offset` on. */
	equals(piece: number, offset: number): boolean {
		const length = this.length[piece] ?? 0;
		let block = piece;
		for (let done = 0; done < length; done += BLOCK_BYTES) {
			const from = this.#at(block);
			const count = Math.min(BLOCK_BYTES, length - done);
			for (let at = 0; at < count; at++) {
				if (this.#arena[from + at] !== this.#arena[offset + done + at])
					return false;
			}
			block = this.#nextBlock[block] ?? NONE;
		}
		return true;
	}

	release(piece: number): void {
		let last = piece;
		this.#used--;
		for (
			let next = this.#nextBlock[last] ?? NONE;
			next !== NONE;
			next = this.#nextBlock[last] ?? NONE
		) {
			last = next;
			this.#used--;
		}
		this.#nextBlock[last] = this.#free;
		this.#free = piece;
	}

	/** One block, with nothing behind it. */
	#takeBlock(): number {
		const block = this.#free === NONE ? this.#fresh : this.#free;
		if (block === this.#fresh) this.#fresh++;
		else this.#free = this.#nextBlock[block] ?? NONE;
		invariant(
			block <= this.#blockCount,
			"room is made before a piece is stored",
		);
		this.#nextBlock[block] = NONE;
		this.#used++;
		return block;
	}

	#at(block: number): number {
		return this.#blocksAt + block * BLOCK_BYTES;
	}
}

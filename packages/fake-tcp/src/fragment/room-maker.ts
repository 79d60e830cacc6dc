// Who has to go when reassembly is full: the oldest of a source that has more than its share, else the oldest of all.

import { DROP, type DropReason } from "../wire/drop-reason.js";
import type { IncompleteDatagrams } from "./incomplete-datagrams.js";
import type { PieceStore } from "./piece-store.js";
import type { ReassemblyLimits } from "./reassembly-limits.js";
import { NONE } from "./reassembly-memory.js";

/** Pieces that had been kept and are discarded now: each is a packet whose fate is this reason. */
export type PiecesLost = (reason: DropReason, pieces: number) => void;

const EVICTED = DROP["fragment-evicted"];

export class RoomMaker {
	readonly #datagrams: IncompleteDatagrams;
	readonly #pieces: PieceStore;
	readonly #limits: ReassemblyLimits;
	readonly #lost: PiecesLost;
	readonly #shareBytes: number;
	readonly #shareDatagrams: number;

	constructor(
		datagrams: IncompleteDatagrams,
		pieces: PieceStore,
		options: { readonly limits: ReassemblyLimits; readonly lost: PiecesLost },
	) {
		const { limits } = options;
		this.#datagrams = datagrams;
		this.#pieces = pieces;
		this.#limits = limits;
		this.#lost = options.lost;
		this.#shareBytes = Math.floor(
			limits.highWatermarkBytes * limits.sourceShare,
		);
		this.#shareDatagrams = Math.max(
			1,
			Math.floor(limits.maxDatagrams * limits.sourceShare),
		);
	}

	/** Makes room for one more datagram of a source. */
	forDatagram(source: number): void {
		const datagrams = this.#datagrams;
		if ((datagrams.sourceDatagrams[source] ?? 0) >= this.#shareDatagrams)
			this.#evict(datagrams.oldestOfSource(source));
		if (datagrams.size >= this.#limits.maxDatagrams)
			this.#evict(datagrams.oldest);
	}

	/** Makes room for more of a datagram, which stays. @returns false when there is none to be had. */
	forBytes(slot: number, bytes: number): boolean {
		const datagrams = this.#datagrams;
		const source = datagrams.sourceOf[slot] ?? 0;
		while ((datagrams.sourceBytes[source] ?? 0) + bytes > this.#shareBytes) {
			let victim = datagrams.oldestOfSource(source);
			if (victim === slot) victim = datagrams.youngerOfSource(slot);
			if (victim === NONE) return false;
			this.#evict(victim);
		}
		const pieces = this.#pieces;
		if (pieces.usedBytes + bytes <= pieces.limitBytes) return true;
		while (pieces.usedBytes + bytes > this.#limits.lowWatermarkBytes) {
			let victim = datagrams.oldest;
			if (victim === slot) victim = datagrams.younger(slot);
			if (victim === NONE) break;
			this.#evict(victim);
		}
		return pieces.usedBytes + bytes <= pieces.limitBytes;
	}

	#evict(slot: number): void {
		const pieces = this.#datagrams.pieceCount[slot] ?? 0;
		this.#datagrams.release(slot);
		if (pieces > 0) this.#lost(EVICTED, pieces);
	}
}

// The datagrams of which pieces have come: found by source and identification, listed by age, over all and per source.

import { invariant } from "../invariant.js";
import type { PieceStore } from "./piece-store.js";
import {
	HASH_PLACES,
	NONE,
	type ReassemblyMemory,
	SOURCE_PLACES,
} from "./reassembly-memory.js";

/** Four words of source address, identification, family and protocol. */
const KEY_WORDS = 6;
/** Words of the key that name the source. */
const SOURCE_WORDS = 4;

/** A keyed hash of the first `count` words: nobody outside may choose collisions. */
export type WordHash = (words: Int32Array, count: number) => number;

/** One list by age: the oldest first. Doubly linked through two tables. */
interface AgeLinks {
	readonly older: Int32Array;
	readonly younger: Int32Array;
}

/** Tables are indexed by slot, from 1. Nothing is allocated after construction. */
export class IncompleteDatagrams {
	readonly createdMs: Float64Array;
	readonly firstPiece: Int32Array;
	readonly lastPiece: Int32Array;
	readonly pieceCount: Int32Array;
	/** Octets of payload that are there. */
	readonly receivedLength: Int32Array;
	/** Octets of payload that there will be; 0 until the last piece has come. */
	readonly totalLength: Int32Array;
	/** A piece of the store with the first fragment's headers. */
	readonly header: Int32Array;
	/** IPv6: which octet of the headers names the Fragment header, and what it has to name instead. */
	readonly namedAt: Int32Array;
	readonly protocol: Int32Array;
	readonly largestPacketLength: Int32Array;
	/** Of pieces and headers, in whole blocks. */
	readonly heldBytes: Int32Array;
	/** 1 + the reason why no piece is wanted any more; 0 while they are. */
	readonly spoiltBy: Int32Array;
	readonly sourceOf: Int32Array;
	readonly sourceBytes: Int32Array;
	readonly sourceDatagrams: Int32Array;
	/** The datagram that is looked for or begun. */
	readonly key = new Int32Array(KEY_WORDS);
	size = 0;
	oldest = NONE;
	readonly #capacity: number;
	readonly #hash: WordHash;
	readonly #pieces: PieceStore;
	readonly #keys: Int32Array;
	readonly #heads: Int32Array;
	readonly #nextOfHash: Int32Array;
	readonly #placeOf: Int32Array;
	readonly #all: AgeLinks;
	readonly #ofSource: AgeLinks;
	readonly #oldestOfSource: Int32Array;
	readonly #youngestOfSource: Int32Array;
	#youngest = NONE;
	#free = NONE;
	#fresh = 1;

	constructor(
		memory: ReassemblyMemory,
		pieces: PieceStore,
		options: { readonly capacity: number; readonly hash: WordHash },
	) {
		this.#capacity = options.capacity;
		this.#hash = options.hash;
		this.#pieces = pieces;
		const slots = options.capacity + 1;
		const table = () => memory.words(slots);
		this.createdMs = memory.doubles(slots);
		this.firstPiece = table();
		this.lastPiece = table();
		this.pieceCount = table();
		this.receivedLength = table();
		this.totalLength = table();
		this.header = table();
		this.namedAt = table();
		this.protocol = table();
		this.largestPacketLength = table();
		this.heldBytes = table();
		this.spoiltBy = table();
		this.sourceOf = table();
		this.#nextOfHash = table();
		this.#placeOf = table();
		this.#all = { older: table(), younger: table() };
		this.#ofSource = { older: table(), younger: table() };
		this.#keys = memory.words(slots * KEY_WORDS);
		this.#heads = memory.words(HASH_PLACES);
		this.sourceBytes = memory.words(SOURCE_PLACES);
		this.sourceDatagrams = memory.words(SOURCE_PLACES);
		this.#oldestOfSource = memory.words(SOURCE_PLACES);
		this.#youngestOfSource = memory.words(SOURCE_PLACES);
	}

	/** The datagram of `key`, or `NONE`. */
	find(): number {
		let slot = this.#heads[this.#hashPlace()] ?? NONE;
		while (slot !== NONE && !this.#hasKey(slot))
			slot = this.#nextOfHash[slot] ?? NONE;
		return slot;
	}

	/** Where the source of `key` is accounted for. Sources may share a place; which ones, nobody can foresee. */
	sourcePlace(): number {
		return this.#hash(this.key, SOURCE_WORDS) & (SOURCE_PLACES - 1);
	}

	oldestOfSource(source: number): number {
		return this.#oldestOfSource[source] ?? NONE;
	}

	/** The next younger one of the same source. */
	youngerOfSource(slot: number): number {
		return this.#ofSource.younger[slot] ?? NONE;
	}

	younger(slot: number): number {
		return this.#all.younger[slot] ?? NONE;
	}

	/** Begins the datagram of `key`, which is not there yet; the caller has made room. */
	begin(source: number, nowMs: number): number {
		const slot = this.#takeSlot();
		const place = this.#hashPlace();
		this.#keys.set(this.key, slot * KEY_WORDS);
		this.#nextOfHash[slot] = this.#heads[place] ?? NONE;
		this.#placeOf[slot] = place;
		this.#heads[place] = slot;
		this.#forgetContents(slot);
		this.createdMs[slot] = nowMs;
		this.spoiltBy[slot] = 0;
		this.sourceOf[slot] = source;
		this.sourceDatagrams[source] = (this.sourceDatagrams[source] ?? 0) + 1;
		link(this.#all, slot, this.#youngest);
		link(this.#ofSource, slot, this.#youngestOfSource[source] ?? NONE);
		if (this.oldest === NONE) this.oldest = slot;
		if (this.#oldestOfSource[source] === NONE)
			this.#oldestOfSource[source] = slot;
		this.#youngest = slot;
		this.#youngestOfSource[source] = slot;
		this.size++;
		return slot;
	}

	/** Adds to the memory that the datagram and its source answer for. */
	account(slot: number, bytes: number): void {
		const source = this.sourceOf[slot] ?? 0;
		this.heldBytes[slot] = (this.heldBytes[slot] ?? 0) + bytes;
		this.sourceBytes[source] = (this.sourceBytes[source] ?? 0) + bytes;
	}

	/** Gives all its memory back; the datagram itself stays. */
	empty(slot: number): void {
		let piece = this.firstPiece[slot] ?? NONE;
		while (piece !== NONE) {
			const next = this.#pieces.nextPiece[piece] ?? NONE;
			this.#pieces.release(piece);
			piece = next;
		}
		const header = this.header[slot] ?? NONE;
		if (header !== NONE) this.#pieces.release(header);
		this.account(slot, -(this.heldBytes[slot] ?? 0));
		this.#forgetContents(slot);
	}

	/** Empties it, and forgets that it ever was. */
	release(slot: number): void {
		this.empty(slot);
		const source = this.sourceOf[slot] ?? 0;
		this.sourceDatagrams[source] = (this.sourceDatagrams[source] ?? 0) - 1;
		this.#unhash(slot);
		if (this.oldest === slot) this.oldest = this.younger(slot);
		if (this.#youngest === slot) this.#youngest = this.#all.older[slot] ?? NONE;
		if (this.#oldestOfSource[source] === slot)
			this.#oldestOfSource[source] = this.youngerOfSource(slot);
		if (this.#youngestOfSource[source] === slot)
			this.#youngestOfSource[source] = this.#ofSource.older[slot] ?? NONE;
		unlink(this.#all, slot);
		unlink(this.#ofSource, slot);
		this.#nextOfHash[slot] = this.#free;
		this.#free = slot;
		this.size--;
	}

	#forgetContents(slot: number): void {
		this.firstPiece[slot] = NONE;
		this.lastPiece[slot] = NONE;
		this.pieceCount[slot] = 0;
		this.receivedLength[slot] = 0;
		this.totalLength[slot] = 0;
		this.header[slot] = NONE;
		this.largestPacketLength[slot] = 0;
		this.heldBytes[slot] = 0;
	}

	#takeSlot(): number {
		const slot = this.#free === NONE ? this.#fresh : this.#free;
		if (slot === this.#fresh) this.#fresh++;
		else this.#free = this.#nextOfHash[slot] ?? NONE;
		invariant(
			slot <= this.#capacity,
			"room is made before a datagram is begun",
		);
		return slot;
	}

	#hashPlace(): number {
		return this.#hash(this.key, KEY_WORDS) & (HASH_PLACES - 1);
	}

	#hasKey(slot: number): boolean {
		const at = slot * KEY_WORDS;
		for (let word = 0; word < KEY_WORDS; word++) {
			if (this.#keys[at + word] !== this.key[word]) return false;
		}
		return true;
	}

	#unhash(slot: number): void {
		const place = this.#placeOf[slot] ?? 0;
		const next = this.#nextOfHash[slot] ?? NONE;
		let before = this.#heads[place] ?? NONE;
		if (before === slot) {
			this.#heads[place] = next;
			return;
		}
		while (this.#nextOfHash[before] !== slot)
			before = this.#nextOfHash[before] ?? NONE;
		this.#nextOfHash[before] = next;
	}
}

/** Puts a slot behind the one that was youngest. */
function link(links: AgeLinks, slot: number, youngest: number): void {
	links.older[slot] = youngest;
	links.younger[slot] = NONE;
	if (youngest !== NONE) links.younger[youngest] = slot;
}

function unlink(links: AgeLinks, slot: number): void {
	const older = links.older[slot] ?? NONE;
	const younger = links.younger[slot] ?? NONE;
	if (older !== NONE) links.younger[older] = younger;
	if (younger !== NONE) links.older[younger] = older;
}

// A bounded hash table from keys of a few 32-bit words to small integers: open addressing in typed arrays, no allocation after construction.

import { invariant } from "../invariant.js";
import { type HashKey, halfSipHash } from "./half-siphash.js";

const FREE = -1;

/** `find` found nothing. */
export const NOT_FOUND = -1;

export interface WordKeyTableOptions {
	/** 32-bit words in a key. */
	readonly keyWords: number;
	/** Entries it must hold; the table is sized for a load of at most one half. */
	readonly capacity: number;
	readonly hashKey: HashKey;
}

/**
 * Linear probing with backward-shift deletion: no tombstones, so a table that saw millions of flows is as fast
 * as a new one. Keys are passed as a place in an `Int32Array`, values are integers ≥ 0.
 */
export class WordKeyTable {
	readonly #keyWords: number;
	readonly #capacity: number;
	readonly #mask: number;
	readonly #keys: Int32Array;
	readonly #values: Int32Array;
	readonly #hashKey: HashKey;
	readonly #range: { start: number; count: number };
	#size = 0;

	constructor(options: WordKeyTableOptions) {
		this.#keyWords = options.keyWords;
		this.#capacity = options.capacity;
		const places = 2 ** Math.ceil(Math.log2(Math.max(4, options.capacity * 2)));
		this.#mask = places - 1;
		this.#keys = new Int32Array(places * options.keyWords);
		this.#values = new Int32Array(places).fill(FREE);
		this.#hashKey = options.hashKey;
		this.#range = { start: 0, count: options.keyWords };
	}

	get size(): number {
		return this.#size;
	}

	/** @returns the value, or `NOT_FOUND`. */
	find(key: Int32Array, start: number): number {
		return this.#values[this.#placeOf(key, start)] ?? NOT_FOUND;
	}

	/** Adds or replaces. The caller bounds the number of entries; one too many is our bug. */
	set(key: Int32Array, start: number, value: number): void {
		const place = this.#placeOf(key, start);
		if (this.#values[place] === FREE) {
			invariant(
				this.#size < this.#capacity,
				"a word-key table is never filled past its capacity",
			);
			this.#size++;
			const target = place * this.#keyWords;
			for (let word = 0; word < this.#keyWords; word++)
				this.#keys[target + word] = key[start + word] ?? 0;
		}
		this.#values[place] = value;
	}

	/** @returns false when the key was not there. */
	delete(key: Int32Array, start: number): boolean {
		let hole = this.#placeOf(key, start);
		if (this.#values[hole] === FREE) return false;
		this.#size--;
		for (
			let place = (hole + 1) & this.#mask;
			this.#values[place] !== FREE;
			place = (place + 1) & this.#mask
		) {
			const home = this.#homeOf(this.#keys, place * this.#keyWords);
			// An entry may move into the hole only if its home does not lie between hole and place.
			if (((place - home) & this.#mask) < ((place - hole) & this.#mask))
				continue;
			this.#move(place, hole);
			hole = place;
		}
		this.#values[hole] = FREE;
		return true;
	}

	#move(from: number, to: number): void {
		this.#keys.copyWithin(
			to * this.#keyWords,
			from * this.#keyWords,
			(from + 1) * this.#keyWords,
		);
		this.#values[to] = this.#values[from] ?? FREE;
	}

	#homeOf(words: Int32Array, start: number): number {
		this.#range.start = start;
		return halfSipHash(this.#hashKey, words, this.#range) & this.#mask;
	}

	/** The place that holds the key, or the free place where it would go. */
	#placeOf(key: Int32Array, start: number): number {
		let place = this.#homeOf(key, start);
		while (this.#values[place] !== FREE && !this.#equals(place, key, start))
			place = (place + 1) & this.#mask;
		return place;
	}

	#equals(place: number, key: Int32Array, start: number): boolean {
		const at = place * this.#keyWords;
		for (let word = 0; word < this.#keyWords; word++) {
			if (this.#keys[at + word] !== key[start + word]) return false;
		}
		return true;
	}
}

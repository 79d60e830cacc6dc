// How many challenge ACKs a tunnel sends (RFC 5961 §7): few, and nobody outside can count on how few.

import { type HashKey, halfSipHash } from "./half-siphash.js";

const PER_SECOND_MAX = 100;
/** A known limit is a side channel: whoever spends it through a flow of his own sees whether another flow spent some (CVE-2016-5696). */
const PER_SECOND_MIN = 37;

export class ChallengeBudget {
	readonly #key: HashKey;
	readonly #word = new Int32Array(1);
	readonly #range = { start: 0, count: 1 };
	#second = -1;
	#left = 0;

	constructor(key: HashKey) {
		this.#key = key;
	}

	/** @returns true, and takes one, when this second has one left. */
	allows(nowMs: number): boolean {
		const second = Math.floor(nowMs / 1_000);
		if (second !== this.#second) this.#refill(second);
		if (this.#left === 0) return false;
		this.#left--;
		return true;
	}

	#refill(second: number): void {
		this.#second = second;
		this.#word[0] = second;
		const drawn = halfSipHash(this.#key, this.#word, this.#range) >>> 0;
		this.#left =
			PER_SECOND_MIN + (drawn % (PER_SECOND_MAX - PER_SECOND_MIN + 1));
	}
}

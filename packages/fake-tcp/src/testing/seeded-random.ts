// Pseudo-random numbers from a seed, so that a generated case can be made again from one number.

const TWO_TO_32 = 2 ** 32;

/** SplitMix32. Not for secrets: for tests, where the same seed has to give the same case for ever. */
export class SeededRandom {
	#state: number;

	constructor(seed: number) {
		this.#state = seed | 0;
	}

	/** 32 random bits as a signed integer. */
	word(): number {
		this.#state = (this.#state + 0x9e3779b9) | 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		return mixed ^ (mixed >>> 15);
	}

	/** 0 to `limit` − 1. */
	below(limit: number): number {
		return Math.floor(((this.word() >>> 0) / TWO_TO_32) * limit);
	}

	/** Both ends are possible. */
	between(least: number, most: number): number {
		return least + this.below(most - least + 1);
	}

	/** True this often, 0 to 1. */
	chance(share: number): boolean {
		return this.word() >>> 0 < share * TWO_TO_32;
	}

	/** @throws RangeError when there is nothing to pick from. */
	pick<T>(choices: readonly T[]): T {
		const picked = choices[this.below(choices.length)];
		if (picked === undefined) throw new RangeError("nothing to pick from");
		return picked;
	}

	bytes(count: number): Uint8Array {
		const bytes = new Uint8Array(count);
		for (let at = 0; at < count; at++) bytes[at] = this.word();
		return bytes;
	}

	/** Zeros, ones, the edges of a 16-bit field, or anything that fits it. */
	oddNumber16(): number {
		return this.chance(0.5)
			? this.pick([0, 1, 4, 5, 19, 20, 39, 40, 0x7fff, 0x8000, 0xffff])
			: this.below(0x10000);
	}
}

// A seeded stream of numbers for one purpose: which packets are hit does not depend on what else is switched on.

const GOLDEN = 0x9e3779b9;
const TWO_32 = 2 ** 32;

export class RandomStream {
	#state: number;

	/** @param purpose any text; streams of different purposes are independent of each other. */
	constructor(seed: number, purpose: string) {
		// FNV-1a over the purpose, so that the seed's neighbours and the purposes do not overlap.
		let mixed = 0x811c9dc5 ^ Math.imul(seed | 0, GOLDEN);
		for (const character of purpose)
			mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193);
		this.#state = mixed;
	}

	/** Uniform, 0 to just below 1 (splitmix32: Steele, Lea and Flood 2014, in its 32-bit form). */
	next(): number {
		this.#state = (this.#state + GOLDEN) | 0;
		let mixed = this.#state;
		mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		return ((mixed ^ (mixed >>> 15)) >>> 0) / TWO_32;
	}
}

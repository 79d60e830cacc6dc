// Random pauses from a seed: what many flows wait for at the same time must not end at the same time.

export class Jitter {
	#state: number;

	/** @param seed any integer from a random source. */
	constructor(seed: number) {
		// Marsaglia's xorshift stays at 0 for ever.
		this.#state = seed | 0 || 0x9e37_79b9;
	}

	/** Between a half and the whole of `durationMs`, in whole milliseconds. */
	shorten(durationMs: number): number {
		let state = this.#state;
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		this.#state = state;
		return Math.ceil(durationMs * (0.5 + (state >>> 0) / 2 ** 33));
	}
}

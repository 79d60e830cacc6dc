// A token bucket driven by the caller's clock.

export class RateLimit {
	readonly #perSecond: number;
	#tokens: number;
	#filledMs = 0;

	/** @param perSecond tokens per second and the size of the burst; 0 means no limit. */
	constructor(perSecond: number) {
		this.#perSecond = perSecond;
		this.#tokens = perSecond;
	}

	/** @returns true, and takes a token, when one is there. */
	allows(nowMs: number): boolean {
		if (this.#perSecond === 0) return true;
		const earned = ((nowMs - this.#filledMs) * this.#perSecond) / 1_000;
		if (earned >= 1) {
			this.#tokens = Math.min(
				this.#perSecond,
				this.#tokens + Math.floor(earned),
			);
			this.#filledMs = nowMs;
		}
		if (this.#tokens < 1) return false;
		this.#tokens--;
		return true;
	}
}

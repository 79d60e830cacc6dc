// A token bucket: how many datagrams may leave now, at a rate in datagrams or bits, in bounded bursts.

export interface PacerOptions {
	/** Datagrams per second, or payload bits per second when `unit` is "bits". */
	readonly rate: number;
	readonly unit: "datagrams" | "bits";
	/** The bucket's depth in the same unit: no more than this is made up for after a pause. */
	readonly depth: number;
}

export class Pacer {
	readonly #options: PacerOptions;
	/** Starts empty: the first datagram waits for its price too. */
	#tokens = 0;
	#lastMs: number;

	/** @param nowMs any monotonic clock in milliseconds. */
	constructor(options: PacerOptions, nowMs: number) {
		this.#options = options;
		this.#lastMs = nowMs;
	}

	refill(nowMs: number): void {
		const { rate, depth } = this.#options;
		const earned = ((nowMs - this.#lastMs) * rate) / 1000;
		this.#tokens = Math.min(depth, this.#tokens + earned);
		this.#lastMs = nowMs;
	}

	/** Takes the price of `count` datagrams of this size, if all of it is there: a train leaves whole or not yet. */
	take(sizeBytes: number, count = 1): boolean {
		const price = this.#options.unit === "bits" ? sizeBytes * 8 * count : count;
		if (this.#tokens < price) return false;
		this.#tokens -= price;
		return true;
	}
}

// Latencies in logarithmic buckets of 2 % width: constant memory for any number of datagrams.

import type { LatencySummary } from "./traffic-report.js";

const GROWTH = Math.log(1.02);
/** 1.02^1200 µs is about 6 hours. */
const BUCKETS = 1200;

export class LatencyHistogram {
	readonly #counts = new Float64Array(BUCKETS);
	#samples = 0;
	#maxUs = 0;

	add(latencyUs: number): void {
		const bounded = Math.max(1, latencyUs);
		const bucket = Math.min(
			BUCKETS - 1,
			Math.floor(Math.log(bounded) / GROWTH),
		);
		this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
		this.#samples += 1;
		this.#maxUs = Math.max(this.#maxUs, bounded);
	}

	summary(): LatencySummary {
		return {
			p50Us: this.#quantileUs(0.5),
			p99Us: this.#quantileUs(0.99),
			maxUs: Math.round(this.#maxUs),
			samples: this.#samples,
		};
	}

	#quantileUs(quantile: number): number {
		const wanted = quantile * this.#samples;
		let seen = 0;
		for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
			seen += this.#counts[bucket] ?? 0;
			// The bucket's upper edge, so that the figure is never flattering.
			if (seen >= wanted && seen > 0)
				return Math.min(
					Math.round(this.#maxUs),
					Math.round(Math.exp((bucket + 1) * GROWTH)),
				);
		}
		return 0;
	}
}

// A worker's anomalies on their way to the main thread: a few bounded messages a second.

import type { FromWorker } from "../tunnel/worker-protocol.js";
import { AnomalyCollector } from "./anomaly-collector.js";
import { HOST_CLOCK } from "./anomaly-moment.js";

/** Ticks come every 100 ms: at most four messages a second. */
const TICKS_BETWEEN_MESSAGES = 3;

export interface WorkerAnomaliesParts {
	readonly arena: Uint8Array;
	readonly drops: Float64Array;
	readonly post: (message: FromWorker) => void;
}

export class WorkerAnomalies {
	readonly collector: AnomalyCollector;
	readonly #post: (message: FromWorker) => void;
	#ticks = 0;

	constructor({ arena, drops, post }: WorkerAnomaliesParts) {
		this.#post = post;
		this.collector = new AnomalyCollector({ arena, drops, clock: HOST_CLOCK });
	}

	/** Call it every 100 ms. */
	tick(nowMs: number): void {
		this.#ticks++;
		if (this.#ticks % TICKS_BETWEEN_MESSAGES === 0) this.#tell(nowMs, false);
	}

	/** The last words of a worker. */
	tellAll(nowMs: number): void {
		// More than once, because what found no place in the table comes after what had one.
		while (this.#tell(nowMs, true));
	}

	/** @returns whether there was anything to tell. */
	#tell(nowMs: number, isLast: boolean): boolean {
		const reports = this.collector.report(nowMs, isLast);
		if (reports.length > 0) this.#post({ kind: "anomalies", reports });
		return reports.length > 0;
	}
}

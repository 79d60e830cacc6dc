// The worker's view of its counters in shared memory: the engine's, the drops, the pump's own, and the gauges.

import { DROP_REASON_COUNT, ENGINE_COUNTER_COUNT } from "@tunscope/fake-tcp";
import {
	DROPS_START,
	ENGINE_COUNTERS_START,
	GAUGES,
	GAUGES_START,
	type GaugeName,
	IO_COUNTERS,
	IO_COUNTERS_START,
	type IoCounterName,
} from "./counter-layout.js";

const BYTES = Float64Array.BYTES_PER_ELEMENT;

export class TunnelCounters {
	readonly engine: Float64Array;
	readonly drops: Float64Array;
	readonly #io: Float64Array;
	readonly #gauges: Float64Array;

	constructor(memory: SharedArrayBuffer) {
		this.engine = new Float64Array(
			memory,
			ENGINE_COUNTERS_START * BYTES,
			ENGINE_COUNTER_COUNT,
		);
		this.drops = new Float64Array(
			memory,
			DROPS_START * BYTES,
			DROP_REASON_COUNT,
		);
		this.#io = new Float64Array(
			memory,
			IO_COUNTERS_START * BYTES,
			IO_COUNTERS.length,
		);
		this.#gauges = new Float64Array(
			memory,
			GAUGES_START * BYTES,
			GAUGES.length,
		);
	}

	/** Adds to one of the pump's counters, named by `IO`. */
	add(counter: number, by: number): void {
		this.#io[counter] = (this.#io[counter] ?? 0) + by;
	}

	/** Sets one of the pump's counters to a total kept elsewhere. */
	setTotal(counter: number, total: number): void {
		this.#io[counter] = total;
	}

	drop(reason: number, count: number): void {
		this.drops[reason] = (this.drops[reason] ?? 0) + count;
	}

	gauge(name: GaugeName, value: number): void {
		this.#gauges[GAUGES.indexOf(name)] = value;
	}
}

function places(): Record<IoCounterName, number> {
	const table: Partial<Record<IoCounterName, number>> = {};
	for (const [place, name] of IO_COUNTERS.entries()) table[name] = place;
	return table as Record<IoCounterName, number>;
}

/** `IO.tunReads` is the counter's place, for the hot path. */
export const IO: Readonly<Record<IoCounterName, number>> = places();

// A tunnel's shared counters read at one moment, by name.

import {
	DROP_REASON_COUNT,
	ENGINE_COUNTER,
	ENGINE_COUNTERS,
	type EngineCounterName,
} from "@tunscope/fake-tcp";
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

export interface CounterSample {
	/** The reader's monotonic clock. */
	readonly takenAtMs: number;
	readonly engine: Readonly<Record<EngineCounterName, number>>;
	readonly io: Readonly<Record<IoCounterName, number>>;
	readonly gauges: Readonly<Record<GaugeName, number>>;
	/** Totals, indexed by DropReason. */
	readonly drops: readonly number[];
}

export function readCounterSample(
	counters: Float64Array,
	takenAtMs: number,
): CounterSample {
	return {
		takenAtMs,
		engine: byName(ENGINE_COUNTERS, counters.subarray(ENGINE_COUNTERS_START)),
		io: byName(IO_COUNTERS, counters.subarray(IO_COUNTERS_START)),
		gauges: byName(GAUGES, counters.subarray(GAUGES_START)),
		drops: [...counters.subarray(DROPS_START, DROPS_START + DROP_REASON_COUNT)],
	};
}

/** What a worker that is gone can no longer say: no flows, no TUN, nothing heard. Totals stay. */
export function resetGauges(counters: Float64Array): void {
	counters.fill(0, GAUGES_START, GAUGES_START + GAUGES.length);
	counters[GAUGES_START + GAUGES.indexOf("lastInboundMs")] = -1;
	// The engine's one present value: what a dead worker held is held no more.
	counters[ENGINE_COUNTERS_START + ENGINE_COUNTER.packetsHeld] = 0;
}

function byName<Name extends string>(
	names: readonly Name[],
	values: Float64Array,
): Record<Name, number> {
	const entries = names.map(
		(name, place) => [name, values[place] ?? 0] as const,
	);
	// Object.fromEntries forgets the keys' type; they are exactly `names`.
	return Object.fromEntries(entries) as Record<Name, number>;
}

// A counter sample as the fields of one log line, so that everything that went in can be accounted for.

import { DROP_REASON_ROWS } from "@tunscope/fake-tcp";
import type { CounterSample } from "../tunnel/counter-sample.js";

export interface CounterTotals {
	readonly engine: CounterSample["engine"];
	readonly io: CounterSample["io"];
	/** Every reason by name, also those at 0. */
	readonly drops: Readonly<Record<string, number>>;
	/** Sum over all reasons. Packets and datagrams alike: see each reason's side. */
	readonly dropsTotal: number;
}

export function totalsOf(sample: CounterSample): CounterTotals {
	return {
		engine: sample.engine,
		io: sample.io,
		drops: Object.fromEntries(
			DROP_REASON_ROWS.map(({ name }, reason) => [
				name,
				sample.drops[reason] ?? 0,
			]),
		),
		dropsTotal: sample.drops.reduce((sum, count) => sum + count, 0),
	};
}

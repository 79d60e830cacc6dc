// Times two functions by turns and compares their best times: noise only ever makes a run slower.

export interface Timing {
	/** Best time of one call, in nanoseconds. */
	readonly fastNs: number;
	readonly slowNs: number;
	readonly ratio: number;
}

const TURNS = 25;
/** The optimizing compiler works beside us; on a busy machine it needs this long. */
const WARM_UP_TURNS = 25;
const TURN_MS = 3;

function bestNs(work: () => void, calls: number): number {
	const startedAt = process.hrtime.bigint();
	for (let call = 0; call < calls; call += 1) work();
	return Number(process.hrtime.bigint() - startedAt) / calls;
}

/** Calls that take about `TURN_MS`. */
function callsPerTurn(work: () => void): number {
	let calls = 1;
	while (bestNs(work, calls) * calls < TURN_MS * 1e6 && calls < 1e6) calls *= 2;
	return calls;
}

export function compare(fast: () => void, slow: () => void): Timing {
	const fastCalls = callsPerTurn(fast);
	const slowCalls = callsPerTurn(slow);
	let fastNs = Number.POSITIVE_INFINITY;
	let slowNs = Number.POSITIVE_INFINITY;
	for (let turn = 0; turn < WARM_UP_TURNS + TURNS; turn += 1) {
		const fastOnce = bestNs(fast, fastCalls);
		const slowOnce = bestNs(slow, slowCalls);
		if (turn < WARM_UP_TURNS) continue;
		fastNs = Math.min(fastNs, fastOnce);
		slowNs = Math.min(slowNs, slowOnce);
	}
	return { fastNs, slowNs, ratio: slowNs / fastNs };
}

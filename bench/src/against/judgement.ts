// Whether the new build is worse than the old one by more than is allowed, judged by the ratios of interleaved pairs.

import { type Spread, spreadOf } from "../report/spread.js";

/** One round's two runs of a measure. */
export interface Pair {
	readonly old: number;
	readonly now: number;
}

export type JudgementVerdict = "no worse" | "WORSE" | "not judged";

export interface Judgement {
	readonly old: Spread;
	readonly now: Spread;
	/** New by old, pair by pair: both runs of a pair met the same noise. */
	readonly ratio: Spread;
	/** How far the ratios scatter: half of the pairs lie nearer than this to their median. */
	readonly scatter: number;
	/** How much worse the median ratio may be, as a share. */
	readonly allowed: number;
	readonly verdict: JudgementVerdict;
}

/** The project's limit for CPU and goodput alike. */
const ALLOWED_SHARE = 0.03;
/** Ratios of doubles are off by about this much: exactly 3 % is allowed. */
const ROUNDING = 1e-9;
/** With fewer pairs the median says nothing. */
export const LEAST_PAIRS = 3;

/** @throws RangeError without a pair. */
export function judgePairs(
	pairs: readonly Pair[],
	rule: {
		readonly worseWhen: "higher" | "lower";
		readonly allowsSpread: boolean;
	},
): Judgement {
	const ratios = pairs.map(({ old, now }) => now / old);
	const ratio = spreadOf(ratios);
	const scatter = spreadOf(
		ratios.map((one) => Math.abs(one - ratio.median)),
	).median;
	const allowed = rule.allowsSpread
		? Math.max(ALLOWED_SHARE, scatter)
		: ALLOWED_SHARE;
	const worseBy =
		rule.worseWhen === "higher" ? ratio.median - 1 : 1 - ratio.median;
	return {
		old: spreadOf(pairs.map(({ old }) => old)),
		now: spreadOf(pairs.map(({ now }) => now)),
		ratio,
		scatter,
		allowed,
		verdict: verdictOf(pairs.length, worseBy, allowed),
	};
}

function verdictOf(
	pairs: number,
	worseBy: number,
	allowed: number,
): JudgementVerdict {
	if (pairs < LEAST_PAIRS) return "not judged";
	// NaN, from a run that carried nothing, is worse than anything.
	return worseBy <= allowed + ROUNDING ? "no worse" : "WORSE";
}

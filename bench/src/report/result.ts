// Everything a benchmark run found, for the printers.

import type { LinkProfile } from "@tunscope/e2e/netlab";
import {
	type Figure,
	raisesAlarm,
	type Standing,
	standingOf,
	type Verdict,
} from "./figure.js";

export interface RowResult {
	readonly rowName: string;
	/** Null for rows to which the link does not matter. */
	readonly linkProfile: LinkProfile | null;
	readonly figures: readonly Figure[];
}

export interface Tally {
	readonly passed: number;
	readonly failed: number;
	readonly skipped: number;
}

export interface JudgedVerdict {
	readonly verdict: Verdict;
	readonly linkProfile: LinkProfile | null;
	readonly standing: Standing;
}

export function verdictsOf(results: readonly RowResult[]): JudgedVerdict[] {
	return results.flatMap(({ figures, linkProfile }) =>
		figures.flatMap(({ verdicts }) =>
			verdicts.map((verdict) => ({
				verdict,
				linkProfile,
				standing: standingOf(verdict),
			})),
		),
	);
}

/** Failed: a floor missed; in the short form only where even noise is no excuse. */
export function tallyOf(
	results: readonly RowResult[],
	isShort: boolean,
): Tally {
	let passed = 0;
	let failed = 0;
	let skipped = 0;
	for (const { verdict, standing } of verdictsOf(results)) {
		const isFailed = isShort ? raisesAlarm(verdict) : standing === "MISSED";
		if (standing === "not run") skipped += 1;
		else if (isFailed) failed += 1;
		else passed += 1;
	}
	return { passed, failed, skipped };
}

/** For machines: what vitest's summary says, in one line. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
	return `bench: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

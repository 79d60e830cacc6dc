// Median, minimum and maximum of the runs of one figure, and of ratios between figures taken in the same round.

export interface Spread {
	readonly median: number;
	readonly min: number;
	readonly max: number;
	readonly runs: number;
}

/** @throws RangeError for no numbers: a figure without a run is "not run", not a spread. */
export function spreadOf(numbers: readonly number[]): Spread {
	if (numbers.length === 0) throw new RangeError("a spread of no runs");
	const sorted = [...numbers].sort((left, right) => left - right);
	const middle = sorted.length / 2;
	const upper = sorted[Math.floor(middle)] ?? 0;
	const lower = sorted[Math.ceil(middle) - 1] ?? upper;
	return {
		median: (lower + upper) / 2,
		min: sorted[0] ?? 0,
		max: sorted.at(-1) ?? 0,
		runs: sorted.length,
	};
}

/** Ratios round by round: both figures of a ratio met the same noise. Rounds that one of them lacks are left out. */
export function ratios(
	numerators: readonly number[],
	denominators: readonly number[],
): number[] {
	const rounds = Math.min(numerators.length, denominators.length);
	return Array.from(
		{ length: rounds },
		(_, round) => (numerators[round] ?? 0) / (denominators[round] ?? 0),
	).filter(Number.isFinite);
}

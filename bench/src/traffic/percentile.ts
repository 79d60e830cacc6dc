// Percentiles of a list of numbers.

/** The smallest number that at least `share` (0 to 1) of the numbers do not exceed; NaN for none. */
export function percentile(numbers: readonly number[], share: number): number {
	const sorted = [...numbers].sort((left, right) => left - right);
	const index = Math.max(0, Math.ceil(share * sorted.length) - 1);
	return sorted[index] ?? Number.NaN;
}

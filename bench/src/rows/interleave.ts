// Interleaved runs: round by round through all columns, so that noise that comes and goes meets all of them.

import type { Column } from "../lab/column.js";
import type { ColumnName } from "../lab/column-names.js";
import type { Cell, Claim, Verdict } from "../report/figure.js";
import { firstLineOf } from "../report/first-line.js";
import { ratios, spreadOf } from "../report/spread.js";
import type { RowContext } from "./row.js";

export interface Series<T> {
	/** One per round, in order; shorter when a run failed. */
	readonly samples: readonly T[];
	/** Why there are no samples, or fewer. */
	readonly notRun: string | null;
	readonly failed: string | null;
}

export type SeriesByColumn<T> = ReadonlyMap<ColumnName, Series<T>>;

/** Runs `measure` in every column, round after round; a column that fails is left out from then on. */
export async function interleave<T>(
	context: RowContext,
	names: readonly ColumnName[],
	measure: (column: Column) => Promise<T>,
): Promise<SeriesByColumn<T>> {
	const samples = new Map<ColumnName, T[]>(names.map((name) => [name, []]));
	const failures = new Map<ColumnName, string>();
	const able = names.filter((name) => context.whyNot(name) === null);
	for (let round = 0; round < context.effort.rounds; round += 1) {
		for (const name of able) {
			if (failures.has(name)) continue;
			try {
				samples.get(name)?.push(await measure(await context.column(name)));
			} catch (error) {
				const reason = firstLineOf(error);
				context.say(`  ${name} FAILED: ${reason}`);
				failures.set(name, reason);
			}
		}
	}
	return new Map(
		names.map((name) => [
			name,
			{
				samples: samples.get(name) ?? [],
				notRun: context.whyNot(name),
				failed: failures.get(name) ?? null,
			},
		]),
	);
}

/** Cells of a figure: one number taken from each sample. */
export function cellsOf<T>(
	series: SeriesByColumn<T>,
	pick: (sample: T) => number,
): Partial<Record<ColumnName, Cell>> {
	const cells: Partial<Record<ColumnName, Cell>> = {};
	for (const [name, one] of series) cells[name] = cellOf(one, pick);
	return cells;
}

function cellOf<T>(series: Series<T>, pick: (sample: T) => number): Cell {
	if (series.notRun !== null) return { kind: "not-run", reason: series.notRun };
	if (series.failed !== null) return { kind: "failed", reason: series.failed };
	return { kind: "measured", spread: spreadOf(series.samples.map(pick)) };
}

/** Judges the ratio of two columns, round by round; "at-most 0.5 more" is a ratio of 1.5 less 1. */
export function judgeRatio<T>(parts: {
	readonly claim: Claim;
	readonly series: SeriesByColumn<T>;
	readonly of: ColumnName;
	readonly to: ColumnName;
	readonly pick: (sample: T) => number;
	/** Taken off each ratio: 1 makes "times as much" into "times more". */
	readonly less?: number;
}): Verdict {
	const { claim, series, of, to, pick, less = 0 } = parts;
	const numerators = series.get(of);
	const denominators = series.get(to);
	const failed = numerators?.failed ?? denominators?.failed ?? null;
	if (failed !== null)
		return { claim, measured: null, reason: failed, isFailed: true };
	const notRun = numerators?.notRun ?? denominators?.notRun ?? null;
	const found = ratios(
		(numerators?.samples ?? []).map(pick),
		(denominators?.samples ?? []).map(pick),
	).map((ratio) => ratio - less);
	if (found.length === 0)
		return { claim, measured: null, reason: notRun ?? "no run" };
	return { claim, measured: spreadOf(found) };
}

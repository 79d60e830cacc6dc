// A figure: one line of the table, with a cell per column and a verdict per goal of performance.md.

import type { ColumnName } from "../lab/column-names.js";
import type { Spread } from "./spread.js";

export type Cell =
	| { readonly kind: "measured"; readonly spread: Spread }
	/** Cannot be measured here; the reason is printed. */
	| { readonly kind: "not-run"; readonly reason: string }
	/** Was tried and went wrong. */
	| { readonly kind: "failed"; readonly reason: string };

/** How numbers of a figure are written. */
export interface Unit {
	readonly name: string;
	readonly digits: number;
}

export const UNITS = {
	gigabits: { name: "Gbit/s", digits: 2 },
	thousandsPerSecond: { name: "1,000/s", digits: 1 },
	percent: { name: "%", digits: 3 },
	milliseconds: { name: "ms", digits: 0 },
	microseconds: { name: "µs", digits: 0 },
	cpuPerGigabit: { name: "ms CPU per Gbit", digits: 0 },
	mebibytes: { name: "MiB", digits: 0 },
	bytes: { name: "B", digits: 2 },
	ratio: { name: "×", digits: 2 },
} as const satisfies Record<string, Unit>;

export type Standing = "goal met" | "floor met" | "MISSED" | "not run";

/** What a goal says: at least, or at most, so much; the floor is what may not be missed. */
export interface Claim {
	readonly title: string;
	readonly unit: Unit;
	readonly direction: "at-least" | "at-most";
	readonly goal: number;
	/** The goal itself where performance.md names no floor. */
	readonly floor: number;
	/** Short runs fail only past this: noise does not get there, a defect does. Null: never in short runs. */
	readonly alarm: number | null;
}

export interface Verdict {
	readonly claim: Claim;
	/** Null when it was not run, or failed. */
	readonly measured: Spread | null;
	/** Why there is nothing measured. */
	readonly reason?: string;
	/** It was tried and went wrong, which counts as missed. */
	readonly isFailed?: boolean;
}

export interface Figure {
	readonly title: string;
	readonly unit: Unit;
	/** Null where no sink is involved. */
	readonly sinkUsesGro: boolean | null;
	readonly cells: Readonly<Partial<Record<ColumnName, Cell>>>;
	readonly verdicts: readonly Verdict[];
	readonly notes: readonly string[];
}

function holds(claim: Claim, limit: number, measured: number): boolean {
	return claim.direction === "at-least" ? measured >= limit : measured <= limit;
}

export function standingOf(verdict: Verdict): Standing {
	const { claim, measured } = verdict;
	if (measured === null) return verdict.isFailed ? "MISSED" : "not run";
	if (holds(claim, claim.goal, measured.median)) return "goal met";
	if (holds(claim, claim.floor, measured.median)) return "floor met";
	return "MISSED";
}

/** Whether a short run has to fail for it. */
export function raisesAlarm(verdict: Verdict): boolean {
	const { claim, measured } = verdict;
	if (measured === null) return verdict.isFailed === true;
	if (claim.alarm === null) return false;
	return !holds(claim, claim.alarm, measured.median);
}

function formatNumber(value: number, unit: Unit): string {
	return value.toLocaleString("en-US", {
		minimumFractionDigits: unit.digits,
		maximumFractionDigits: unit.digits,
	});
}

/** "2.31 (2.20–2.40)" */
export function formatSpread(spread: Spread, unit: Unit): string {
	const median = formatNumber(spread.median, unit);
	if (spread.runs === 1) return median;
	return `${median} (${formatNumber(spread.min, unit)}–${formatNumber(spread.max, unit)})`;
}

/** "≥ 3.5" */
export function formatLimit(claim: Claim, limit: number): string {
	const sign = claim.direction === "at-least" ? "≥" : "≤";
	const number = limit.toLocaleString("en-US", { maximumFractionDigits: 2 });
	return `${sign} ${number} ${claim.unit.name}`;
}

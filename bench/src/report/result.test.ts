import { describe, expect, it } from "vitest";
import {
	type Claim,
	type Figure,
	raisesAlarm,
	standingOf,
	UNITS,
	type Verdict,
} from "./figure.js";
import { renderMarkdown } from "./markdown.js";
import { type RowResult, tallyLine, tallyOf } from "./result.js";
import { spreadOf } from "./spread.js";

const atLeast: Claim = {
	title: "goodput against stock",
	unit: UNITS.ratio,
	direction: "at-least",
	goal: 8,
	floor: 7,
	alarm: 3.5,
};
const atMost: Claim = {
	title: "added round trip",
	unit: UNITS.ratio,
	direction: "at-most",
	goal: 1,
	floor: 1.5,
	alarm: 4,
};

const judged = (claim: Claim, measured: number): Verdict => ({
	claim,
	measured: spreadOf([measured]),
});

function resultOf(verdicts: readonly Verdict[]): RowResult {
	const figure: Figure = {
		title: "Goodput",
		unit: UNITS.gigabits,
		sinkUsesGro: false,
		cells: {
			ours: { kind: "measured", spread: spreadOf([2, 3, 2.5]) },
			stock: { kind: "not-run", reason: "no cargo" },
			plain: { kind: "failed", reason: "no | answer" },
		},
		verdicts,
		notes: ["A note."],
	};
	return { rowName: "goodput", linkProfile: "offload", figures: [figure] };
}

describe("standingOf", () => {
	it.each([
		[atLeast, 8, "goal met"],
		[atLeast, 7.99, "floor met"],
		[atLeast, 7, "floor met"],
		[atLeast, 6.99, "MISSED"],
		[atMost, 1, "goal met"],
		[atMost, 1.01, "floor met"],
		[atMost, 1.5, "floor met"],
		[atMost, 1.51, "MISSED"],
	])("of $title at %d is %s", (claim, measured, standing) => {
		expect(standingOf(judged(claim, measured))).toBe(standing);
	});

	it("tells what was not run from what went wrong", () => {
		expect(standingOf({ claim: atLeast, measured: null })).toBe("not run");
		expect(standingOf({ claim: atLeast, measured: null, isFailed: true })).toBe(
			"MISSED",
		);
	});
});

describe("raisesAlarm", () => {
	it.each([
		[atLeast, 3.5, false],
		[atLeast, 3.49, true],
		[atMost, 4, false],
		[atMost, 4.01, true],
		[{ ...atMost, alarm: null }, 100, false],
	])("of %o at %d is %s", (claim, measured, isAlarm) => {
		expect(raisesAlarm(judged(claim, measured))).toBe(isAlarm);
	});
});

describe("tallyOf", () => {
	const results = [
		resultOf([
			judged(atLeast, 6),
			judged(atLeast, 9),
			judged(atLeast, 1),
			{ claim: atLeast, measured: null, reason: "no cargo" },
		]),
	];

	it("fails every missed floor in a full run", () => {
		expect(tallyOf(results, false)).toEqual({
			passed: 1,
			failed: 2,
			skipped: 1,
		});
	});

	it("fails only alarms in a short run", () => {
		expect(tallyLine(tallyOf(results, true))).toBe(
			"bench: 2 passed, 1 failed, 1 skipped",
		);
	});
});

describe("renderMarkdown", () => {
	const text = renderMarkdown(
		{
			machine: {
				processor: "A CPU",
				cores: 2,
				memoryGib: 4,
				kernel: "6.18",
				distribution: "Debian",
				node: "20.20.2",
				commit: "abc",
				loadBefore: "0.10",
			},
			command: "npm run bench",
			date: "2026-01-01",
			durationMinutes: 30,
			rounds: 5,
			secondsPerRun: 2.5,
			absentRivals: ["udp2raw: not run."],
		},
		[resultOf([judged(atLeast, 6)])],
	);

	it("says the machine, the commit and the command", () => {
		for (const part of ["2 × A CPU", "Linux 6.18", "abc", "`npm run bench`"])
			expect(text).toContain(part);
	});

	it("writes median and range, and keeps a bar in a reason from breaking the table", () => {
		expect(text).toContain(
			"| Goodput [Gbit/s] | plain | 2.50 (2.00–3.00) | not run | failed: no \\| answer |",
		);
	});

	it("gives a verdict with goal and floor", () => {
		expect(text).toContain(
			"| goodput against stock | offload | ≥ 8 × | ≥ 7 × | 6.00 × | **MISSED** |",
		);
	});

	it("leaves out sections without figures", () => {
		expect(text).not.toContain("Link profile *cut*:");
	});
});

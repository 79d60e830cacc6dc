// The document has every row of the catalogue, with its result or the reason for having none.

import { expect, it } from "vitest";
import { renderScoreboard, type Scoreboard } from "./scoreboard-markdown.js";
import type { RowRecord } from "./scoreboard-record.js";
import { ROW_NUMBERS } from "./scoreboard-rows.js";

const RECORD: RowRecord = {
	row: 6,
	title: "10 % loss each way, IPv4",
	criterion: "delivered = the link's delivery ± 1 pp",
	column: "ours",
	measured: "90.03 % (link 90.03 %)",
	isMet: true,
	seed: 1,
	command: "npm run scoreboard -- --rows 6",
};
const BOARD: Scoreboard = {
	facts: {
		date: "2026-11-23",
		commit: "21570ce",
		kernel: "Linux 6.18",
		machine: "2 × EPYC",
		command: "npm run scoreboard",
		isLong: false,
		minutes: 7,
	},
	records: [
		RECORD,
		{
			...RECORD,
			column: "phantun",
			measured: "failed: a | b",
			isMet: false,
			remark: "as expected",
		},
	],
	notRun: (row) => `row ${row} has no test`,
	noRival: null,
};

/** The line of the first table that begins with this row. */
function lineOf(document: string, row: number): string | undefined {
	return document.split("\n").find((line) => line.startsWith(`| ${row} |`));
}

it("has a line for every row", () => {
	const document = renderScoreboard(BOARD);
	for (const row of ROW_NUMBERS)
		expect(lineOf(document, row), String(row)).toBeDefined();
	expect(lineOf(document, 20)).toContain("not run: row 20 has no test");
});

it("puts both columns of one title into one line, with signs and remarks", () => {
	expect(lineOf(renderScoreboard(BOARD), 6)).toBe(
		"| 6 | **Loss sweep**: 10 % loss each way, IPv4 | delivered = the link's delivery ± 1 pp | ✓ 90.03 % (link 90.03 %) | ✗ failed: a \\| b | as expected |",
	);
});

it("says why stock has no figure, and asks none of it where it has no column", () => {
	const without = { ...BOARD, records: [RECORD], noRival: "no cargo here" };
	const document = renderScoreboard(without);
	expect(lineOf(document, 6)).toContain("| not run (see above) |");
	expect(document).toContain("| phantun | no cargo here |");
	expect(lineOf(document, 11)).toContain("| – |");
});

it("names commit, kernel, seed and command", () => {
	const document = renderScoreboard(BOARD);
	for (const fact of ["21570ce", "Linux 6.18", "`npm run scoreboard`"])
		expect(document).toContain(fact);
	expect(document).toContain(
		"| 6 | 10 % loss each way, IPv4 | ours | 1 | `npm run scoreboard -- --rows 6` |",
	);
});

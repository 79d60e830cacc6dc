// The scoreboard as a document: one table out of the catalogue of rows and what was recorded, nothing by hand.

import type { RowRecord } from "./scoreboard-record.js";
import {
	ROW_NUMBERS,
	type RowNumber,
	SCOREBOARD_ROWS,
} from "./scoreboard-rows.js";

/** What the figures belong to. */
export interface ScoreboardFacts {
	readonly date: string;
	readonly commit: string;
	readonly kernel: string;
	readonly machine: string;
	readonly command: string;
	readonly isLong: boolean;
	readonly minutes: number;
}

export interface Scoreboard {
	readonly facts: ScoreboardFacts;
	readonly records: readonly RowRecord[];
	/** Why a row has no result in our own column. */
	readonly notRun: (row: RowNumber) => string;
	/** Why stock has no result where it has a column; null when it was to be measured. */
	readonly noRival: string | null;
}

const HEAD = ["row", "what", "has to hold", "ours", "phantun", "remark"];

export function renderScoreboard(board: Scoreboard): string {
	const { facts, records } = board;
	const rows = ROW_NUMBERS.flatMap((row) => tableRows(board, row));
	return [
		"# Scoreboard",
		"",
		`Written by \`${facts.command}\` on ${facts.date} (${facts.minutes} minutes); do not edit. Rows 2, 5, 9, 15 and 24 to 30 belong to later versions.`,
		"",
		table(
			["", ""],
			[
				["Commit", facts.commit],
				["Kernel", facts.kernel],
				["Machine", facts.machine],
				["Form", facts.isLong ? "long" : "short: as in every CI run"],
				["phantun", board.noRival ?? "genuine Phantun 0.8.1 at both ends"],
			],
		),
		"",
		"✓ holds, ✗ does not, – is not asked of stock. Every figure was measured by the test that its row names; nothing is copied by hand.",
		"",
		table(HEAD, rows),
		"",
		"## How each row is run again",
		"",
		table(["row", "what", "column", "seed", "command"], commandRows(records)),
		"",
	].join("\n");
}

function tableRows(board: Scoreboard, row: RowNumber): string[][] {
	const { title, criterion } = SCOREBOARD_ROWS[row];
	const records = board.records.filter((record) => record.row === row);
	if (records.length === 0)
		return [
			[
				String(row),
				`**${title}**`,
				criterion,
				`not run: ${board.notRun(row)}`,
				rivalCell(board, row, undefined),
				"",
			],
		];
	const titles = [...new Set(records.map((record) => record.title))];
	return titles.map((part) => {
		const [ours, phantun] = (["ours", "phantun"] as const).map((column) =>
			records.find(
				(record) => record.title === part && record.column === column,
			),
		);
		const remarks = [ours?.remark, phantun?.remark].filter(
			(remark) => remark !== undefined,
		);
		return [
			String(row),
			`**${title}**: ${part}`,
			(ours ?? phantun)?.criterion ?? criterion,
			ours === undefined ? "not run" : resultCell(ours),
			rivalCell(board, row, phantun),
			[...new Set(remarks)].join("; "),
		];
	});
}

function resultCell({ isMet, measured }: RowRecord): string {
	return `${isMet ? "✓" : "✗"} ${measured}`;
}

function rivalCell(
	board: Scoreboard,
	row: RowNumber,
	record: RowRecord | undefined,
): string {
	if (record !== undefined) return resultCell(record);
	if (!SCOREBOARD_ROWS[row].hasRival) return "–";
	return board.noRival === null ? "not run" : "not run (see above)";
}

function commandRows(records: readonly RowRecord[]): string[][] {
	return records.map(({ row, title, column, seed, command }) => [
		String(row),
		title,
		column,
		seed === null ? "" : String(seed),
		`\`${command}\``,
	]);
}

function table(
	head: readonly string[],
	rows: readonly (readonly string[])[],
): string {
	return [head, head.map(() => "---"), ...rows]
		.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`)
		.join("\n");
}

function escapeCell(text: string): string {
	return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

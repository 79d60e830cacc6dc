// The small table on the terminal, and a sentence for every verdict.

import { COLUMN_NAMES, COLUMN_TITLES } from "../lab/column-names.js";
import {
	type Cell,
	type Figure,
	formatLimit,
	formatSpread,
	raisesAlarm,
} from "./figure.js";
import { type JudgedVerdict, type RowResult, verdictsOf } from "./result.js";

function cellText(cell: Cell, figure: Figure): string {
	if (cell.kind === "not-run") return `not run (${cell.reason})`;
	if (cell.kind === "failed") return `FAILED (${cell.reason})`;
	return formatSpread(cell.spread, figure.unit);
}

function figureLines(figure: Figure): string[] {
	const sink = figure.sinkUsesGro ? ", UDP_GRO sink" : "";
	return [
		`${figure.title}${sink} [${figure.unit.name}]`,
		...COLUMN_NAMES.flatMap((name) => {
			const cell = figure.cells[name];
			if (cell === undefined) return [];
			return [`    ${COLUMN_TITLES[name].padEnd(26)}${cellText(cell, figure)}`];
		}),
		...figure.notes.map((note) => `    ${note}`),
	];
}

function verdictLine({
	verdict,
	linkProfile,
	standing,
}: JudgedVerdict): string {
	const { claim, measured } = verdict;
	const number =
		measured === null
			? (verdict.reason ?? "nothing measured")
			: `${formatSpread(measured, claim.unit)} ${claim.unit.name}`;
	const link = linkProfile === null ? "" : ` [${linkProfile}]`;
	const floor =
		claim.floor === claim.goal
			? ""
			: `, floor ${formatLimit(claim, claim.floor)}`;
	return `${standing.padEnd(10)} ${claim.title}${link}: ${number} (goal ${formatLimit(claim, claim.goal)}${floor})`;
}

export function printResults(
	results: readonly RowResult[],
	isShort: boolean,
): void {
	for (const { linkProfile, figures } of results) {
		for (const figure of figures) {
			const link = linkProfile === null ? "" : `${linkProfile}: `;
			console.log(`${link}${figureLines(figure).join("\n")}`);
		}
	}
	console.log("");
	for (const judged of verdictsOf(results)) {
		const alarm =
			isShort && raisesAlarm(judged.verdict)
				? "  <- FAILS this short run: past what noise explains"
				: "";
		console.log(`${verdictLine(judged)}${alarm}`);
	}
}

// Writes docs/benchmarks.md: the machine, the verdicts, the figures by link profile, how it was measured.

import { COLUMN_NAMES, COLUMN_TITLES } from "../lab/column-names.js";
import { type Cell, type Figure, formatLimit, formatSpread } from "./figure.js";
import type { Machine } from "./machine.js";
import { METHOD } from "./method.js";
import { type RowResult, tallyLine, tallyOf, verdictsOf } from "./result.js";

export interface ReportHead {
	readonly machine: Machine;
	readonly command: string;
	readonly date: string;
	readonly durationMinutes: number;
	readonly rounds: number;
	readonly secondsPerRun: number;
	/** Rivals that are not here, with the reason. */
	readonly absentRivals: readonly string[];
}

function table(
	header: readonly string[],
	rows: readonly (readonly string[])[],
): string {
	const line = (cells: readonly string[]) =>
		`| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
	return [line(header), line(header.map(() => "---")), ...rows.map(line)].join(
		"\n",
	);
}

function headSection(head: ReportHead): string {
	const { machine } = head;
	return `# Benchmarks

Written by \`${head.command}\` on ${head.date} (${head.durationMinutes} minutes); do not edit. Goals and floors are those the project set itself before it was built; a missed floor is a defect, a missed goal is said.

${table(
	["", ""],
	[
		[
			"Machine",
			`${machine.cores} × ${machine.processor}, ${machine.memoryGib} GiB; load before the start ${machine.loadBefore}`,
		],
		["Kernel", `Linux ${machine.kernel} (${machine.distribution})`],
		["Node", machine.node],
		["Commit", machine.commit],
		["Command", `\`${head.command}\``],
		[
			"Runs",
			`${head.rounds} interleaved runs (A B A B …) of ${head.secondsPerRun} s per figure; median (minimum–maximum)`,
		],
	],
)}`;
}

function verdictSection(results: readonly RowResult[]): string {
	const rows = verdictsOf(results).map(({ verdict, linkProfile, standing }) => {
		const { claim, measured } = verdict;
		return [
			claim.title,
			linkProfile ?? "–",
			formatLimit(claim, claim.goal),
			formatLimit(claim, claim.floor),
			measured === null
				? (verdict.reason ?? "–")
				: `${formatSpread(measured, claim.unit)} ${claim.unit.name}`,
			standing === "MISSED" ? "**MISSED**" : standing,
		];
	});
	return `## Verdicts

${table(["figure", "link", "goal", "floor", "measured", "verdict"], rows)}

${tallyLine(tallyOf(results, false))}. Ratios are taken round by round, so that both figures of a ratio met the same noise. The floors were set for *offload*; *cut* is held against the same ones.`;
}

function cellText(cell: Cell | undefined, figure: Figure): string {
	if (cell === undefined) return "–";
	if (cell.kind === "not-run") return "not run";
	if (cell.kind === "failed") return `failed: ${cell.reason}`;
	return formatSpread(cell.spread, figure.unit);
}

const SINK_TEXT = new Map([
	[true, "UDP_GRO"],
	[false, "plain"],
	[null, "–"],
]);

function figureTable(figures: readonly Figure[]): string {
	const names = COLUMN_NAMES.filter((name) =>
		figures.some((figure) => figure.cells[name] !== undefined),
	);
	const rows = figures.map((figure) => [
		`${figure.title} [${figure.unit.name}]`,
		SINK_TEXT.get(figure.sinkUsesGro) ?? "–",
		...names.map((name) => cellText(figure.cells[name], figure)),
	]);
	const notes = figures
		.filter((figure) => figure.notes.length > 0)
		.map((figure) => {
			const sink = figure.sinkUsesGro ? " (UDP_GRO sink)" : "";
			return `- ${figure.title}${sink}: ${figure.notes.join(" ")}`;
		});
	const header = [
		"figure",
		"sink",
		...names.map((name) => COLUMN_TITLES[name]),
	];
	return `${table(header, rows)}\n\n${notes.join("\n")}`.trim();
}

const LINK_SECTIONS = [
	{
		linkProfile: "offload",
		title:
			"## Link profile *offload*: super-segments cross uncut, as between virtual machines",
	},
	{
		linkProfile: "cut",
		title:
			"## Link profile *cut*: every segment is cut and glued, as on a plain NIC",
	},
	{ linkProfile: null, title: "## Whatever the link" },
] as const;

function figureSections(results: readonly RowResult[]): string[] {
	return LINK_SECTIONS.flatMap(({ linkProfile, title }) => {
		const figures = results
			.filter((result) => result.linkProfile === linkProfile)
			.flatMap((result) => result.figures);
		return figures.length === 0 ? [] : [`${title}\n\n${figureTable(figures)}`];
	});
}

export function renderMarkdown(
	head: ReportHead,
	results: readonly RowResult[],
): string {
	const absent = head.absentRivals.map((line) => `- ${line}`).join("\n");
	return `${[
		headSection(head),
		verdictSection(results),
		...figureSections(results),
		...(absent === "" ? [] : [`## Rivals that were not run\n\n${absent}`]),
		METHOD,
	].join("\n\n")}\n`;
}

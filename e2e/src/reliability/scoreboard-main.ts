// `npm run scoreboard`: runs the rows, ours and stock beside it, and writes docs/scoreboard.md from what they recorded.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPhantun } from "../interop/genuine-phantun.js";
import { runCommand } from "../netlab/run-command.js";
import { type OutsideRun, outsideRows } from "./outside-rows.js";
import { renderScoreboard } from "./scoreboard-markdown.js";
import { RESULTS_FOLDER, readRecords, recordRow } from "./scoreboard-record.js";
import {
	isRowNumber,
	ROW_NUMBERS,
	type RowNumber,
	SCOREBOARD_ROWS,
} from "./scoreboard-rows.js";

const TOP_FOLDER = fileURLToPath(new URL("../../../", import.meta.url));
const E2E_FOLDER = join(TOP_FOLDER, "e2e");
const DOCUMENT = join(TOP_FOLDER, "docs/scoreboard.md");
const USAGE = `npm run scoreboard -- [--long] [--rows 6,7] [--without-phantun]

Runs the rows of the reliability scoreboard and writes docs/scoreboard.md. With --rows only those are run anew;
the others keep what this clone measured before. --long takes about an hour. Needs root.`;
const SHORT_LIMIT_MS = 30 * 60_000;
const LONG_LIMIT_MS = 4 * 60 * 60_000;

interface Settings {
	readonly isLong: boolean;
	readonly rows: readonly RowNumber[];
	/** Null when stock is measured. */
	readonly noRival: string | null;
}

async function main(): Promise<void> {
	const settings = readSettings();
	if (settings === null) {
		console.log(USAGE);
		return;
	}
	const startedMs = performance.now();
	forget(settings.rows);
	const labsCode = await runLabs(settings);
	await runOutside(settings);
	const records = readRecords();
	const document = renderScoreboard({
		facts: await describeRun(settings, performance.now() - startedMs),
		records,
		notRun: (row) => whyNotRun(row, settings),
		noRival: settings.noRival,
	});
	writeFileSync(DOCUMENT, document);
	const ours = records.filter(({ column }) => column === "ours");
	const missed = ours.filter(({ isMet }) => !isMet);
	for (const { row, title, measured } of missed)
		console.log(`✗ row ${row}, ${title}: ${measured}`);
	console.log(
		`docs/scoreboard.md written: ${ours.length - missed.length} results hold, ${missed.length} do not.`,
	);
	process.exitCode = missed.length > 0 || labsCode !== 0 ? 1 : 0;
}

function readSettings(): Settings | null {
	const { values } = parseArgs({
		options: {
			long: { type: "boolean", default: false },
			rows: { type: "string" },
			"without-phantun": { type: "boolean", default: false },
			help: { type: "boolean", short: "h", default: false },
		},
	});
	if (values.help) return null;
	const phantun = findPhantun();
	return {
		isLong: values.long,
		rows: values.rows === undefined ? ROW_NUMBERS : chosenRows(values.rows),
		noRival: values["without-phantun"]
			? "left out by --without-phantun"
			: phantun.isPresent
				? null
				: phantun.reason,
	};
}

function chosenRows(text: string): RowNumber[] {
	return text.split(",").map((word) => {
		const row = Number(word);
		if (isRowNumber(row)) return row;
		throw new Error(`--rows ${word}: the rows are ${ROW_NUMBERS.join(", ")}`);
	});
}

/** Old results of what is run now must not stand in for new ones. */
function forget(rows: readonly RowNumber[]): void {
	if (!existsSync(RESULTS_FOLDER)) return;
	for (const name of readdirSync(RESULTS_FOLDER)) {
		const row = Number(name.slice(0, 2));
		if (isRowNumber(row) && rows.includes(row))
			rmSync(join(RESULTS_FOLDER, name));
	}
}

/** Lab files of rows whose tests exist. */
function labFiles(rows: readonly RowNumber[]): string[] {
	const files = rows.flatMap((row) => SCOREBOARD_ROWS[row].files);
	return [...new Set<string>(files)].filter((file) =>
		existsSync(join(E2E_FOLDER, file)),
	);
}

async function runLabs(settings: Settings): Promise<number> {
	const files = labFiles(settings.rows);
	if (files.length === 0) return 0;
	const run = await runProgram(
		[
			...["npx", "--no-install", "vitest", "run"],
			...["--config", "vitest.lab.config.ts", ...files],
		],
		{
			folder: E2E_FOLDER,
			environment: {
				...(settings.isLong ? { LONG: "1" } : {}),
				...(settings.noRival === null ? { SCOREBOARD_RIVAL: "1" } : {}),
			},
			timeLimitMs: settings.isLong ? LONG_LIMIT_MS : SHORT_LIMIT_MS,
			isShown: true,
		},
	);
	return run.exitCode ?? 1;
}

async function runOutside({ isLong, rows }: Settings): Promise<void> {
	for (const outside of outsideRows(isLong)) {
		const { row, title, criterion } = outside;
		if (!rows.includes(row)) continue;
		console.log(`row ${row}: ${outside.argv.join(" ")}`);
		const run = await runProgram(outside.argv, {
			folder: join(TOP_FOLDER, outside.folder),
			environment: outside.environment,
			timeLimitMs: outside.timeLimitMs,
			isShown: false,
		});
		const result = outside.read(run);
		recordRow({
			...{ row, title, criterion, column: "ours", seed: null },
			...result,
		});
		if (!result.isMet) console.log(run.output.slice(-4_000));
	}
}

interface ProgramOptions {
	readonly folder: string;
	readonly environment: Readonly<Record<string, string>>;
	readonly timeLimitMs: number;
	/** Output goes to the terminal as it comes. */
	readonly isShown: boolean;
}

function runProgram(
	[file = "", ...rest]: readonly string[],
	options: ProgramOptions,
): Promise<OutsideRun> {
	return new Promise((resolve) => {
		const child = spawn(file, rest, {
			cwd: options.folder,
			env: { ...process.env, ...options.environment },
			stdio: ["ignore", options.isShown ? "inherit" : "pipe", "inherit"],
			timeout: options.timeLimitMs,
		});
		let output = "";
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
		child.once("error", (error) =>
			resolve({ output: error.message, exitCode: null }),
		);
		child.once("close", (exitCode) => resolve({ output, exitCode }));
	});
}

function whyNotRun(row: RowNumber, { rows }: Settings): string {
	const { files } = SCOREBOARD_ROWS[row];
	if (!rows.includes(row)) return "not among the rows of this run";
	const missing = files.filter((file) => !existsSync(join(E2E_FOLDER, file)));
	if (missing.length > 0)
		return `there is no e2e/${missing.join(", e2e/")} yet`;
	return "its test recorded nothing";
}

async function describeRun(settings: Settings, elapsedMs: number) {
	const git = ["git", "-C", TOP_FOLDER];
	const commit = await runCommand([...git, "rev-parse", "--short=12", "HEAD"]);
	const changes = await runCommand([
		...git,
		...["status", "--porcelain", "--untracked-files=no", "--"],
		...["packages", "apps", "e2e"],
	]);
	const words = [
		...(settings.isLong ? ["--long"] : []),
		...(settings.rows === ROW_NUMBERS
			? []
			: ["--rows", settings.rows.join(",")]),
	];
	return {
		date: new Date().toISOString().slice(0, 10),
		commit: `${commit.trim()}${changes.trim() === "" ? "" : " with uncommitted changes"}`,
		kernel: `Linux ${release()}`,
		machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}`,
		command: [
			"npm run scoreboard",
			...(words.length > 0 ? ["--", ...words] : []),
		].join(" "),
		isLong: settings.isLong,
		minutes: Math.ceil(elapsedMs / 60_000),
	};
}

await main();

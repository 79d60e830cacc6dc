// `npm run bench`: runs the rows, prints them, writes docs/benchmarks.md (full runs only), and ends with a line for machines.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
	type BenchOptions,
	parseBenchOptions,
	UsageError,
} from "./bench-options.js";
import { printResults } from "./report/console-table.js";
import { describeMachine, type Machine } from "./report/machine.js";
import { renderMarkdown } from "./report/markdown.js";
import { type RowResult, tallyLine, tallyOf } from "./report/result.js";
import { findRivals, type Rivals } from "./rivals.js";
import { ALL_ROWS } from "./rows/all-rows.js";
import { runRows } from "./run-rows.js";

const DOCUMENT = fileURLToPath(
	new URL("../../docs/benchmarks.md", import.meta.url),
);
const EXIT_USAGE = 2;
const MINUTE_MS = 60_000;

function chooseRows(options: BenchOptions) {
	const { rowNames, effort } = options;
	if (rowNames !== null)
		return ALL_ROWS.filter((row) => rowNames.includes(row.name));
	return effort.isShort ? ALL_ROWS.filter((row) => row.isInShort) : ALL_ROWS;
}

interface Finished {
	readonly options: BenchOptions;
	readonly machine: Machine;
	readonly rivals: Rivals;
	readonly results: readonly RowResult[];
	readonly elapsedMs: number;
}

function writeDocument(finished: Finished): void {
	const { options, machine, rivals, results, elapsedMs } = finished;
	const head = {
		machine,
		command: options.command,
		date: new Date().toISOString().slice(0, 10),
		durationMinutes: Math.round(elapsedMs / MINUTE_MS),
		rounds: options.effort.rounds,
		secondsPerRun: options.effort.secondsPerRun,
		absentRivals: rivals.absent,
	};
	writeFileSync(DOCUMENT, renderMarkdown(head, results));
	console.log(`Written: ${DOCUMENT}`);
}

/** A part of the rows, or a short run, would make the document say less than it did. */
function isWholeRun({ effort, rowNames, linkProfiles }: BenchOptions): boolean {
	return !effort.isShort && rowNames === null && linkProfiles.length === 2;
}

async function main(): Promise<number> {
	const names = ALL_ROWS.map((row) => row.name);
	const options = parseBenchOptions(process.argv.slice(2), names);
	const startedMs = performance.now();
	const machine = await describeMachine();
	const rivals = await findRivals();
	const say = (line: string) => {
		const seconds = Math.round((performance.now() - startedMs) / 1_000);
		console.log(`[${String(seconds).padStart(4)} s] ${line}`);
	};
	say(
		`${machine.cores} × ${machine.processor}, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}, load ${machine.loadBefore}`,
	);
	say(options.command);
	for (const line of rivals.absent) say(line);
	const results = await runRows({
		bench: options,
		rows: chooseRows(options),
		...rivals,
		say,
	});
	console.log("");
	printResults(results, options.effort.isShort);
	const elapsedMs = performance.now() - startedMs;
	if (isWholeRun(options))
		writeDocument({ options, machine, rivals, results, elapsedMs });
	const tally = tallyOf(results, options.effort.isShort);
	console.log(tallyLine(tally));
	return tally.failed > 0 ? 1 : 0;
}

try {
	process.exitCode = await main();
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`npm run bench: ${error.message}`);
	process.exitCode = EXIT_USAGE;
}

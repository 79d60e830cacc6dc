// One turbo task in every workspace that has it, each counted by the summary which turbo writes.

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lastLines, runProgram } from "../set-up/run-program.mjs";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";
import { Tally } from "./tally.mjs";

const SUMMARIES_FOLDER = join(TOP_FOLDER, ".turbo/runs");

/**
 * @param {"build" | "typecheck"} task
 * @returns {Promise<Tally>} a check per workspace that has the task
 */
export async function runTurboTask(task) {
	const tally = new Tally();
	rmSync(SUMMARIES_FOLDER, { recursive: true, force: true });
	mkdirSync(SUMMARIES_FOLDER, { recursive: true });
	const run = await runProgram(
		[
			"npx",
			"turbo",
			"run",
			task,
			"--continue",
			"--summarize",
			"--output-logs=errors-only",
		],
		{ heartbeat: `turbo run ${task}` },
	);
	const outcomes = readOutcomes(task);
	for (const { name, exitCode } of outcomes) {
		if (exitCode === 0) tally.pass(`${task} of ${name}`);
		else tally.fail(`${task} of ${name}`);
	}
	if (run.exitCode !== 0) {
		console.log(lastLines(run.output, 80));
		if (tally.failed.length === 0) tally.fail(`turbo run ${task}`);
	}
	if (outcomes.length === 0) tally.fail(`turbo run ${task} ran nothing`);
	return tally;
}

/** @param {string} task @returns {{ name: string, exitCode: number | undefined }[]} */
function readOutcomes(task) {
	const [file] = readdirSync(SUMMARIES_FOLDER);
	if (file === undefined) return [];
	const summary = JSON.parse(
		readFileSync(join(SUMMARIES_FOLDER, file), "utf8"),
	);
	/** @typedef {{ task: string, package: string, command: string, cache: { status: string }, execution?: { exitCode?: number } }} TurboTask */
	const tasks = /** @type {TurboTask[]} */ (summary.tasks);
	return tasks
		.filter((entry) => entry.task === task && entry.command !== "<NONEXISTENT>")
		.map((entry) => ({
			name: entry.package,
			// A task whose result came from turbo's cache succeeded when it ran; it has no execution of its own.
			exitCode: entry.cache.status === "HIT" ? 0 : entry.execution?.exitCode,
		}));
}

// One vitest run as a stage: shown as it goes, counted by the reporter's file, a crash counted as a failure.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../set-up/run-program.mjs";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";
import { COUNTS_PATH_VARIABLE } from "./count-reporter.mjs";
import { REPORT_FOLDER, Tally } from "./tally.mjs";

const VITEST = join(TOP_FOLDER, "node_modules/vitest/vitest.mjs");
const REPORTER = join(TOP_FOLDER, "scripts/stages/count-reporter.mjs");

/**
 * @param {object} what
 * @param {string} what.name names the report files
 * @param {string} [what.folder] the workspace, relative to the top; the top unless given
 * @param {string[]} [what.args] after `vitest run`
 * @param {string} [what.node] the Node to run it on; this one unless given
 * @param {Record<string, string>} [what.env] added to this process's environment
 * @param {number} what.timeLimitMs
 * @returns {Promise<Tally>}
 */
export async function runVitest({
	name,
	folder = ".",
	args = [],
	node = process.execPath,
	env = {},
	timeLimitMs,
}) {
	const tally = new Tally();
	const countsPath = join(REPORT_FOLDER, `${name}-counts.json`);
	rmSync(countsPath, { force: true });
	const run = await runProgram(
		[
			node,
			VITEST,
			"run",
			"--reporter=default",
			`--reporter=${REPORTER}`,
			...args,
		],
		{
			cwd: join(TOP_FOLDER, folder),
			env: { ...env, [COUNTS_PATH_VARIABLE]: countsPath },
			isShown: true,
			timeLimitMs,
			logPath: join(REPORT_FOLDER, `${name}.log`),
		},
	);
	if (!existsSync(countsPath)) {
		tally.fail(
			`vitest ended without a count (${run.isTimedOut ? "time limit" : `exit code ${run.exitCode}`})`,
		);
		return tally;
	}
	/** @type {import("./count-reporter.mjs").VitestCounts} */
	const counts = JSON.parse(readFileSync(countsPath, "utf8"));
	tally.passed = counts.passed;
	for (const failure of counts.failed) tally.fail(failure);
	for (const { name: test, reason } of counts.skipped) tally.skip(test, reason);
	if (counts.tests === 0) tally.fail("vitest found no test");
	if (run.exitCode !== 0 && tally.failed.length === 0) {
		tally.fail(
			run.isTimedOut
				? "vitest did not end within its time"
				: `vitest ended with exit code ${run.exitCode}`,
		);
	}
	return tally;
}

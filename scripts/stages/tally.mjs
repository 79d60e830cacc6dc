// What a stage of `npm test` counted: checks passed, those that failed by name, those skipped with their reason.

import { join } from "node:path";
import { lastLines, runProgram } from "../set-up/run-program.mjs";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";

/** Outputs of the stages, and the reports that the runners wrote. */
export const REPORT_FOLDER = join(TOP_FOLDER, "test-results/ci");

const SHOWN_LINES_OF_A_FAILURE = 60;

/** @typedef {{ name: string, reason: string }} Skip */

export class Tally {
	passed = 0;
	/** @type {string[]} */
	failed = [];
	/** @type {Skip[]} */
	skipped = [];

	/** @param {Tally} other */
	add(other) {
		this.passed += other.passed;
		this.failed.push(...other.failed);
		this.skipped.push(...other.skipped);
	}

	/** @param {string} name */
	pass(name) {
		this.passed += 1;
		console.log(`  passed  ${name}`);
	}

	/** @param {string} name @param {string} [detail] */
	fail(name, detail = "") {
		this.failed.push(name);
		console.log(`  FAILED  ${name}${detail === "" ? "" : `\n${detail}`}`);
	}

	/** @param {string} name @param {string} reason */
	skip(name, reason) {
		this.skipped.push({ name, reason });
		console.log(`  skipped ${name}: ${reason}`);
	}
}

/**
 * A command as one check: passed when it ends with 0 within its time.
 * @param {Tally} tally
 * @param {{ name: string, command: readonly [string, ...string[]] } & import("../set-up/run-program.mjs").ProgramOptions} check
 * @returns {Promise<import("../set-up/run-program.mjs").ProgramRun>}
 */
export async function checkCommand(tally, { name, command, ...options }) {
	const run = await runProgram(command, options);
	const seconds = `${(run.elapsedMs / 1_000).toFixed(1)} s`;
	if (run.exitCode === 0) {
		tally.pass(`${name} (${seconds})`);
		return run;
	}
	const cause = run.isTimedOut
		? `stopped after ${seconds}`
		: `exit code ${run.exitCode}`;
	const detail = options.isShown
		? cause
		: `${cause}\n${lastLines(run.output, SHOWN_LINES_OF_A_FAILURE)}`;
	tally.fail(name, detail);
	return run;
}

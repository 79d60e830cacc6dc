// The benchmark in its short form, counted by the line that its harness prints for machines.

import { join } from "node:path";
import { runProgram } from "../set-up/run-program.mjs";
import { REPORT_FOLDER, Tally } from "./tally.mjs";

const TIME_LIMIT_MS = 300_000;

export async function runShortBenchmark() {
	const run = await runProgram(
		["npm", "run", "bench", "--workspace", "@tunscope/bench", "--", "--short"],
		{
			isShown: true,
			timeLimitMs: TIME_LIMIT_MS,
			logPath: join(REPORT_FOLDER, "bench.log"),
		},
	);
	const tally = tallyOfOutput(run.output);
	if (run.exitCode !== 0 && tally.failed.length === 0) {
		tally.fail(
			run.isTimedOut
				? "the benchmark did not end within its time"
				: `the benchmark ended with exit code ${run.exitCode}`,
		);
	}
	return tally;
}

/**
 * Reads "bench: N passed, N failed, N skipped", and the verdicts above it for the names.
 * @param {string} output
 * @returns {Tally}
 */
export function tallyOfOutput(output) {
	const tally = new Tally();
	const counts = /^bench: (\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(
		output,
	);
	if (counts === null) {
		tally.fail("the benchmark ended without a count");
		return tally;
	}
	tally.passed = Number(counts[1]);
	const missed = [...output.matchAll(/^\w.*?\s{2,}(.*?)\s+<- FAILS/gm)];
	for (let index = 0; index < Number(counts[2]); index++) {
		tally.fail(missed[index]?.[1] ?? "a figure of the benchmark");
	}
	const notRun = [...output.matchAll(/^not run\s+(.*?): (.*) \(goal /gm)];
	for (let index = 0; index < Number(counts[3]); index++) {
		const [, name = "a figure of the benchmark", reason = "no reason given"] =
			notRun[index] ?? [];
		tally.skip(name, reason);
	}
	return tally;
}

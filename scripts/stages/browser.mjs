// The exported page in Debian's Chromium, counted by Playwright's own report.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../set-up/run-program.mjs";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";
import { REPORT_FOLDER, Tally } from "./tally.mjs";

const TIME_LIMIT_MS = 180_000;

/**
 * The parts of Playwright's JSON report that are read here.
 * @typedef {object} PlaywrightSuite
 * @property {{ title: string, tests: { status: "expected" | "unexpected" | "flaky" | "skipped", annotations: { type: string, description?: string }[] }[] }[]} [specs]
 * @property {PlaywrightSuite[]} [suites]
 */

export async function runBrowser() {
	const tally = new Tally();
	const reportPath = join(REPORT_FOLDER, "playwright.json");
	rmSync(reportPath, { force: true });
	const run = await runProgram(
		["npx", "playwright", "test", "--reporter=list,json"],
		{
			cwd: join(TOP_FOLDER, "e2e"),
			env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath },
			isShown: true,
			timeLimitMs: TIME_LIMIT_MS,
		},
	);
	if (!existsSync(reportPath)) {
		tally.fail(`Playwright ended without a report (exit code ${run.exitCode})`);
		return tally;
	}
	const report = JSON.parse(readFileSync(reportPath, "utf8"));
	countSuite(report, tally);
	for (const error of report.errors) tally.fail(error.message);
	const count = tally.passed + tally.failed.length + tally.skipped.length;
	if (count === 0) tally.fail("Playwright found no test");
	if (run.exitCode !== 0 && tally.failed.length === 0) {
		tally.fail(`Playwright ended with exit code ${run.exitCode}`);
	}
	return tally;
}

/** @param {PlaywrightSuite} suite @param {Tally} tally */
function countSuite(suite, tally) {
	for (const spec of suite.specs ?? []) {
		for (const test of spec.tests) {
			if (test.status === "expected") tally.passed += 1;
			else if (test.status === "skipped") {
				const reason = test.annotations.find((note) => note.type === "skip");
				tally.skip(spec.title, reason?.description ?? "no reason given");
			} else tally.fail(spec.title); // "flaky" too: it failed once
		}
	}
	for (const inner of suite.suites ?? []) countSuite(inner, tally);
}

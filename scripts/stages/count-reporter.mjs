// A vitest reporter that writes what really ran: counts, names of failures, and each skipped test with its reason.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * @typedef {object} VitestCounts
 * @property {number} passed
 * @property {string[]} failed names of tests, of files that did not load, and of errors outside of tests
 * @property {{ name: string, reason: string }[]} skipped
 * @property {number} tests all that were found
 */

/** Names the file that the counts are written to. */
export const COUNTS_PATH_VARIABLE = "TUNSCOPE_TEST_COUNTS";

export default class CountReporter {
	/**
	 * @param {readonly import("vitest/node").TestModule[]} modules
	 * @param {readonly import("vitest").SerializedError[]} errors
	 * @param {import("vitest/node").TestRunEndReason} reason
	 */
	onTestRunEnd(modules, errors, reason) {
		const path = process.env[COUNTS_PATH_VARIABLE];
		if (path === undefined) return;
		/** @type {VitestCounts} */
		const counts = { passed: 0, failed: [], skipped: [], tests: 0 };
		for (const module of modules) countModule(module, counts);
		for (const error of errors) {
			counts.failed.push(`outside of any test: ${error.message}`);
		}
		if (reason === "interrupted") counts.failed.push("the run was interrupted");
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, JSON.stringify(counts, null, "\t"));
	}
}

/** @param {import("vitest/node").TestModule} module @param {VitestCounts} counts */
function countModule(module, counts) {
	for (const error of module.errors()) {
		counts.failed.push(`${module.relativeModuleId}: ${error.message}`);
	}
	for (const suite of module.children.allSuites()) {
		for (const error of suite.errors()) {
			counts.failed.push(`${suite.fullName} (set-up): ${error.message}`);
		}
	}
	for (const test of module.children.allTests()) {
		const name = `${module.relativeModuleId} > ${test.fullName}`;
		const result = test.result();
		counts.tests += 1;
		if (result.state === "passed") counts.passed += 1;
		else if (result.state === "skipped") {
			const reason = result.note ?? "no reason given";
			counts.skipped.push({ name, reason });
		} else counts.failed.push(name);
	}
}

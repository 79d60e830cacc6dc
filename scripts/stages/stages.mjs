// The stages of `npm test`, in the order in which CI runs them.

import { runBrowser } from "./browser.mjs";
import { runInstall } from "./install.mjs";
import { runNative } from "./native.mjs";
import { runOnSecondNode } from "./second-node-run.mjs";
import { runShortBenchmark } from "./short-benchmark.mjs";
import {
	runBoundaries,
	runBuild,
	runLint,
	runTypecheck,
} from "./static-checks.mjs";
import { runVitest } from "./vitest-run.mjs";

const UNIT_TIME_LIMIT_MS = 300_000;
/** The core's properties: two million random cases are what this project asks of a CI run. */
const UNIT_ENV = { TUNSCOPE_PROPERTY_CASES: "2100000" };
const LAB_TIME_LIMIT_MS = 1_140_000;

/**
 * @typedef {object} Stage
 * @property {string} name as given to --only
 * @property {string} title
 * @property {() => Promise<import("./tally.mjs").Tally>} run
 */

/** @type {readonly Stage[]} */
export const STAGES = [
	{
		name: "install",
		title: "Debian and npm packages",
		run: runInstall,
	},
	{ name: "lint", title: "format, lint, unused code", run: runLint },
	{ name: "boundaries", title: "who may import whom", run: runBoundaries },
	{ name: "typecheck", title: "types of every workspace", run: runTypecheck },
	{ name: "build", title: "build of every workspace", run: runBuild },
	{
		name: "unit",
		title: "unit tests of every workspace",
		run: () =>
			runVitest({
				name: "unit",
				env: UNIT_ENV,
				timeLimitMs: UNIT_TIME_LIMIT_MS,
			}),
	},
	{ name: "native", title: "native core: sanitizers, fuzzing", run: runNative },
	{
		name: "e2e",
		title: "tunnels in the namespace lab",
		run: () =>
			runVitest({
				name: "e2e",
				folder: "e2e",
				args: ["--config", "vitest.lab.config.ts"],
				timeLimitMs: LAB_TIME_LIMIT_MS,
			}),
	},
	{ name: "browser", title: "the exported page in Chromium", run: runBrowser },
	{
		name: "node-24",
		title: "unit tests and a tunnel on Node 24",
		run: runOnSecondNode,
	},
	{ name: "bench", title: "short benchmark", run: runShortBenchmark },
];

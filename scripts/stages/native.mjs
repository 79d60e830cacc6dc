// The native addon's suite under sanitizers, then each fuzz target for a bounded time.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";
import { checkCommand, Tally } from "./tally.mjs";

const FUZZ_FOLDER = join(TOP_FOLDER, "packages/tun/native/fuzz");
const FUZZ_SECONDS = "20";
const SANITIZED_TIME_LIMIT_MS = 420_000;
/** Compiling a target takes most of it. */
const FUZZ_TIME_LIMIT_MS = 120_000;

/** What the scripts of packages/tun print, with exit code 0, where they cannot run. */
const SKIPPED = /^.* skipped: (.*)$/m;

/** The suite mostly waits, and a fuzz target has one thread: two at a time, for the two cores that CI has. */
const LANES = 2;

export async function runNative() {
	const tally = new Tally();
	const targets = fuzzTargets();
	if (targets.length === 0) tally.fail("there is no fuzz target");
	const checks = [
		{
			name: "the suite of packages/tun under ASan and UBSan",
			script: ["test:asan"],
			timeLimitMs: SANITIZED_TIME_LIMIT_MS,
		},
		...targets.map((target) => ({
			name: `fuzzing ${target} for ${FUZZ_SECONDS} s`,
			script: ["fuzz", "--", FUZZ_SECONDS, target],
			timeLimitMs: FUZZ_TIME_LIMIT_MS,
		})),
	];
	const lane = async () => {
		for (let next = checks.shift(); next; next = checks.shift())
			await checkOrSkip(tally, next);
	};
	await Promise.all(Array.from({ length: LANES }, lane));
	return tally;
}

function fuzzTargets() {
	return readdirSync(FUZZ_FOLDER)
		.filter((name) => name.endsWith("_fuzz.cc"))
		.map((name) => name.replace("_fuzz.cc", ""))
		.sort();
}

/**
 * @param {Tally} tally
 * @param {{ name: string, script: string[], timeLimitMs: number }} check
 */
async function checkOrSkip(tally, { name, script, timeLimitMs }) {
	const own = new Tally();
	const run = await checkCommand(own, {
		name,
		command: ["npm", "run", "--workspace", "@tunscope/tun", ...script],
		timeLimitMs,
	});
	const reason = SKIPPED.exec(run.output)?.[1];
	if (run.exitCode === 0 && reason !== undefined) tally.skip(name, reason);
	else tally.add(own);
}

// `npm run bench`: sets up what is missing, the rivals or the other commit included, then hands over to the benchmark's harness.

import "./require-node.cjs";
import { takeAgainst } from "./set-up/against-option.mjs";
import { ensureBuiltCommit } from "./set-up/built-commit.mjs";
import {
	ensureDebianPackages,
	requireRoot,
	TUNNEL_PACKAGES,
} from "./set-up/debian-packages.mjs";
import { ensureNpmPackages } from "./set-up/npm-packages.mjs";
import { endProgramsOnSignals, runProgram } from "./set-up/run-program.mjs";
import { runScript } from "./set-up/set-up-error.mjs";
import { ensureStockPhantun } from "./set-up/stock-phantun.mjs";

const TIME_LIMIT_MS = 4 * 60 * 60_000;

endProgramsOnSignals();
await runScript("npm run bench", async () => {
	const { revision, rest } = takeAgainst(process.argv.slice(2));
	requireRoot();
	await ensureDebianPackages(TUNNEL_PACKAGES);
	await ensureNpmPackages("all");
	const harness =
		revision === null ? await againstRivals() : await againstCommit(revision);
	const build = await runProgram(["npm", "run", "build"], {
		heartbeat: "npm run build",
		isShown: true,
	});
	if (build.exitCode !== 0) return build.exitCode;
	const bench = await runProgram(
		[
			"npm",
			"run",
			harness.script,
			"--workspace",
			"@tunscope/bench",
			"--",
			...harness.args,
			...rest,
		],
		{ isShown: true, timeLimitMs: TIME_LIMIT_MS },
	);
	return bench.exitCode;
});

async function againstRivals() {
	const reason = await ensureStockPhantun();
	if (reason !== null)
		console.log(`Stock Phantun's column is left out: ${reason}.`);
	return { script: "bench", args: [] };
}

/** @param {string} revision */
async function againstCommit(revision) {
	const { commit, folder } = await ensureBuiltCommit(revision);
	return {
		script: "against",
		args: ["--old-folder", folder, "--old-commit", commit],
	};
}

// `npm run bench`: sets up what is missing, the rivals included, then hands over to the benchmark's harness.

import "./require-node.cjs";
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
	requireRoot();
	await ensureDebianPackages(TUNNEL_PACKAGES);
	await ensureNpmPackages("all");
	const reason = await ensureStockPhantun();
	if (reason !== null)
		console.log(`Stock Phantun's column is left out: ${reason}.`);
	const build = await runProgram(["npm", "run", "build"], {
		heartbeat: "npm run build",
		isShown: true,
	});
	if (build.exitCode !== 0) return build.exitCode;
	const bench = await runProgram(
		[
			"npm",
			"run",
			"bench",
			"--workspace",
			"@tunscope/bench",
			"--",
			...process.argv.slice(2),
		],
		{ isShown: true, timeLimitMs: TIME_LIMIT_MS },
	);
	return bench.exitCode;
});

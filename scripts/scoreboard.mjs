// `npm run scoreboard`: sets up what is missing, stock Phantun included, then hands over to the program that runs the rows.

import { join } from "node:path";
import "./require-node.cjs";
import {
	ensureDebianPackages,
	requireRoot,
	TEST_PACKAGES,
} from "./set-up/debian-packages.mjs";
import { ensureNpmPackages } from "./set-up/npm-packages.mjs";
import { endProgramsOnSignals, runProgram } from "./set-up/run-program.mjs";
import { runScript } from "./set-up/set-up-error.mjs";
import { ensureStockPhantun } from "./set-up/stock-phantun.mjs";
import { TOP_FOLDER } from "./set-up/top-folder.mjs";

const PROGRAM = join(TOP_FOLDER, "e2e/dist/reliability/scoreboard-main.js");
const TIME_LIMIT_MS = 5 * 60 * 60_000;

endProgramsOnSignals();
await runScript("npm run scoreboard", async () => {
	requireRoot();
	await ensureDebianPackages(TEST_PACKAGES);
	await ensureNpmPackages("all");
	const reason = await ensureStockPhantun();
	if (reason !== null)
		console.log(`Stock Phantun's column is left out: ${reason}.`);
	const build = await runProgram(["npm", "run", "build"], {
		heartbeat: "npm run build",
		isShown: true,
	});
	if (build.exitCode !== 0) return build.exitCode;
	const board = await runProgram(
		[process.execPath, PROGRAM, ...process.argv.slice(2)],
		{ isShown: true, timeLimitMs: TIME_LIMIT_MS },
	);
	return board.exitCode;
});

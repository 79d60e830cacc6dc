// A second Node, newer than the one at hand: npm carries its binary as a package, kept in the cache outside of the clone.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./run-program.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { CACHE_FOLDER } from "./top-folder.mjs";

const SECOND_NODE_VERSION = "24.21.0";

/** @returns {Promise<string>} the binary's path */
export async function ensureSecondNode() {
	const packageName = `node-linux-${process.arch}`;
	const folder = join(CACHE_FOLDER, `node-${SECOND_NODE_VERSION}`);
	const binary = join(folder, "node_modules", packageName, "bin/node");
	if (existsSync(binary)) return binary;
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
	const run = await runProgram(
		[
			"npm",
			"install",
			"--no-audit",
			"--no-fund",
			"--no-package-lock",
			`${packageName}@${SECOND_NODE_VERSION}`,
		],
		{ cwd: folder, heartbeat: `npm install ${packageName}` },
	);
	if (run.exitCode !== 0 || !existsSync(binary)) {
		throw new SetUpError(
			`npm could not install ${packageName}@${SECOND_NODE_VERSION}: check that the npm registry is reachable (npm ping), then run this again.`,
		);
	}
	return binary;
}

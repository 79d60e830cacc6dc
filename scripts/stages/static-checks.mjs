// The stages that read the source without running it: lint, boundaries, types, builds.

import { checkCommand, Tally } from "./tally.mjs";
import { runTurboTask } from "./turbo-tasks.mjs";

/** @typedef {{ name: string, command: readonly [string, ...string[]] }} Check */

/** @type {readonly Check[]} */
const LINT_CHECKS = [
	{
		name: "biome: format, lint, import order",
		command: ["npx", "biome", "check", ".", "--error-on-warnings"],
	},
	{
		name: "sherif: one version of each dependency",
		command: ["npx", "sherif"],
	},
	{
		name: "knip: no unused file, export or dependency",
		command: ["npx", "knip"],
	},
];

/** @type {readonly Check[]} */
const BOUNDARY_CHECKS = [
	{
		name: "dependency-cruiser: who may import whom",
		command: ["node", "tools/check-dependencies.mjs"],
	},
	{
		name: "turbo boundaries: by name, and declared",
		command: ["npx", "turbo", "boundaries"],
	},
	{
		name: "source files: length, name, first line",
		command: ["node", "tools/check-source-files.mjs"],
	},
];

export const runLint = () => runChecks(LINT_CHECKS);

export const runBoundaries = () => runChecks(BOUNDARY_CHECKS);

export async function runBuild() {
	const tally = await runTurboTask("build");
	await checkCommand(tally, {
		name: "native addon, from the sources as they are",
		command: ["node", "packages/tun/scripts/build-native.mjs"],
	});
	return tally;
}

export async function runTypecheck() {
	const tally = await runTurboTask("typecheck");
	await checkCommand(tally, {
		name: "typecheck of tools and scripts",
		command: ["npx", "tsc", "-p", "tools"],
	});
	return tally;
}

/** @param {readonly Check[]} checks */
async function runChecks(checks) {
	const tally = new Tally();
	for (const check of checks) await checkCommand(tally, check);
	return tally;
}

// `npm run demo`: from a fresh clone to datagrams through a real tunnel; sets up only what the tunnel needs, then hands over to the lab.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import "./require-node.cjs";
import {
	ensureDebianPackages,
	requireRoot,
	TUNNEL_PACKAGES,
} from "./set-up/debian-packages.mjs";
import { ensureNpmPackages } from "./set-up/npm-packages.mjs";
import {
	endProgramsOnSignals,
	lastLines,
	runProgram,
} from "./set-up/run-program.mjs";
import { runScript, SetUpError } from "./set-up/set-up-error.mjs";
import { TOP_FOLDER } from "./set-up/top-folder.mjs";

/** In the order of their dependencies; those of one row are built side by side. */
const BUILD_ROWS = [
	["packages/shared", "packages/fake-tcp", "packages/tun"],
	["apps/daemon", "e2e"],
];
const DEMO_PROGRAM = join(TOP_FOLDER, "e2e/dist/demo/main.js");
const NATIVE_BUILD = "packages/tun/scripts/build-native.mjs";
const BUILD_TIME_LIMIT_MS = 180_000;
const USAGE = `npm run demo -- [--seconds N]

Makes two hosts in network namespaces, starts \`tunscope server\` on one and \`tunscope client\` on the other,
sends WireGuard-like traffic both ways and shows it live. Runs until Ctrl-C, or for N seconds.
Exit code 0 when at least 99 % arrived, 1 when less did. Needs root; installs what is missing.`;

const args = process.argv.slice(2);
await runScript("npm run demo", async () => {
	if (args.includes("--help") || args.includes("-h")) {
		console.log(USAGE);
		return 0;
	}
	const stopListening = endProgramsOnSignals();
	const startedAt = Date.now();
	await setUp();
	console.log(
		`Ready after ${Math.round((Date.now() - startedAt) / 1_000)} s.\n`,
	);
	stopListening();
	return handOver();
});

async function setUp() {
	requireRoot();
	if (!existsSync("/dev/net/tun")) {
		throw new SetUpError(
			'there is no /dev/net/tun: load the kernel module with "modprobe tun", or give the container that device, then run this again.',
		);
	}
	await ensureDebianPackages(TUNNEL_PACKAGES);
	await ensureNpmPackages("tunnel");
	// npm has built the addon when it installed the packages; this notices sources that have changed since.
	await runOrStop("the native addon", ["node", NATIVE_BUILD]);
	for (const row of BUILD_ROWS) {
		console.log(`Building ${row.join(", ")}.`);
		await Promise.all(row.map(build));
	}
}

/** @param {string} workspace */
function build(workspace) {
	return runOrStop(workspace, [
		"npm",
		"run",
		"build",
		"--workspace",
		workspace,
	]);
}

/** @param {string} what @param {readonly [string, ...string[]]} command */
async function runOrStop(what, command) {
	const run = await runProgram(command, {
		heartbeat: `building ${what}`,
		timeLimitMs: BUILD_TIME_LIMIT_MS,
	});
	if (run.exitCode === 0) return;
	throw new SetUpError(
		`${what} could not be built: if you changed it, mend it, otherwise run "npm ci" and try again; the last lines were:\n${lastLines(run.output, 12)}`,
	);
}

/**
 * Runs the lab's demo on this terminal and answers with its exit code.
 * @returns {Promise<number>}
 */
function handOver() {
	const child = spawn(process.execPath, [DEMO_PROGRAM, ...args], {
		cwd: TOP_FOLDER,
		stdio: "inherit",
	});
	// The lab cleans up on a signal; this process stays until it has. Ctrl-C on a terminal reaches both by itself.
	for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
		process.on(signal, () => {
			const isFromTerminal = signal === "SIGINT" && process.stdin.isTTY;
			if (!isFromTerminal) child.kill(signal);
		});
	}
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (code) => resolve(code ?? 1));
	});
}

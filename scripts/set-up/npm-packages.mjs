// Installs npm packages by the committed lock file, all of them or only the tunnel's, unless they are there already.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastLines, runProgram } from "./run-program.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { TOP_FOLDER } from "./top-folder.mjs";

/** Enough to build and run the tunnel and its lab: no Next, no linters, a fifth of the size. */
const TUNNEL_WORKSPACES = [
	"packages/shared",
	"packages/fake-tcp",
	"packages/tun",
	"apps/daemon",
	"e2e",
];

const LOCK_PATH = join(TOP_FOLDER, "package-lock.json");
/** npm's own record of what is in node_modules. */
const INSTALLED_PATH = join(TOP_FOLDER, "node_modules/.package-lock.json");
/** Our record of a partial installation: a hash of the lock file that it followed. */
const TUNNEL_STAMP_PATH = join(TOP_FOLDER, "node_modules/.tunscope-tunnel");

/** Quick to try again, quick to give up: npm's own patience with a dead network is more than a minute. */
export const NPM_FLAGS = [
	"--no-audit",
	"--no-fund",
	"--fetch-retries=3",
	"--fetch-retry-mintimeout=1000",
	"--fetch-retry-maxtimeout=5000",
];

/** @typedef {"all" | "tunnel"} InstallScope */

/**
 * @param {InstallScope} scope
 * @returns {Promise<boolean>} true when something was installed
 */
export async function ensureNpmPackages(scope) {
	if (isEverythingInstalled()) return false;
	if (scope === "tunnel" && isTunnelInstalled()) return false;
	const workspaces =
		scope === "all"
			? []
			: TUNNEL_WORKSPACES.flatMap((path) => ["--workspace", path]);
	console.log(
		scope === "all"
			? "Installing npm packages (npm ci)."
			: "Installing the tunnel's npm packages (npm ci, without dashboard and linters).",
	);
	const run = await runProgram(["npm", "ci", ...NPM_FLAGS, ...workspaces], {
		heartbeat: "npm ci",
		timeLimitMs: 600_000,
	});
	if (run.exitCode !== 0) {
		throw new SetUpError(
			`npm ci failed (${causeOf(run.output)}): check that the npm registry can be reached (npm ping) and that npm is 10 or newer, then run this again.`,
		);
	}
	if (scope === "tunnel") writeFileSync(TUNNEL_STAMP_PATH, lockHash());
	return true;
}

/** True when every package of the lock file that is not optional is installed in its version. */
function isEverythingInstalled() {
	if (!existsSync(INSTALLED_PATH)) return false;
	const wanted = lockedPackages(LOCK_PATH);
	const installed = lockedPackages(INSTALLED_PATH);
	return Object.entries(wanted).every(
		([path, entry]) =>
			!path.includes("node_modules/") ||
			entry.optional === true ||
			installed[path]?.version === entry.version,
	);
}

/** npm's error code and where it wrote the rest. @param {string} output */
function causeOf(output) {
	const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1];
	const log = /complete log of this run can be found in:?\s+(\S+)/.exec(
		output,
	)?.[1];
	return [code ?? lastLines(output, 1), log].filter(Boolean).join(", ");
}

function isTunnelInstalled() {
	return (
		existsSync(TUNNEL_STAMP_PATH) &&
		readFileSync(TUNNEL_STAMP_PATH, "utf8") === lockHash()
	);
}

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }>} */
function lockedPackages(path) {
	return JSON.parse(readFileSync(path, "utf8")).packages;
}

function lockHash() {
	return createHash("sha256").update(readFileSync(LOCK_PATH)).digest("hex");
}

// The genuine Phantun, built once by cargo into a cache outside of the clone: the other end of the interop tests and a rival in benchmarks.

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { hasCommand } from "./debian-packages.mjs";
import { lastLines, runProgram } from "./run-program.mjs";
import { CACHE_FOLDER } from "./top-folder.mjs";

/** Where rustup puts it, which is not on everybody's PATH. */
const CARGO_OF_RUSTUP = join(homedir(), ".cargo/bin/cargo");
const PHANTUN_VERSION = "0.8.1";
const PHANTUN_FOLDER = join(CACHE_FOLDER, `phantun-${PHANTUN_VERSION}`);

/**
 * @returns {Promise<string | null>} null when `client` and `server` are in the cache's bin/, otherwise why they are not
 */
export async function ensureStockPhantun() {
	const isThere = ["client", "server"].every((name) =>
		existsSync(join(PHANTUN_FOLDER, "bin", name)),
	);
	if (isThere) return null;
	const cargo = hasCommand("cargo") ? "cargo" : CARGO_OF_RUSTUP;
	if (cargo === CARGO_OF_RUSTUP && !existsSync(CARGO_OF_RUSTUP)) {
		return "cargo is not installed, so genuine Phantun cannot be built";
	}
	console.log(
		`Building genuine Phantun ${PHANTUN_VERSION} with cargo, once, into ${PHANTUN_FOLDER} (a minute or two).`,
	);
	const run = await runProgram(
		[
			cargo,
			"install",
			"phantun",
			"--version",
			PHANTUN_VERSION,
			"--locked",
			"--root",
			PHANTUN_FOLDER,
		],
		{ heartbeat: "cargo install phantun", timeLimitMs: 600_000 },
	);
	if (run.exitCode === 0) return null;
	return `cargo could not build genuine Phantun (${lastLines(run.output, 1).trim()})`;
}

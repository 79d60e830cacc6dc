// Finds genuine Phantun 0.8.1, or installs it once with cargo into a cache outside the repository.

import { spawn } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { StockLikeProgram } from "../netlab/stock-like-tunnel.js";

export const PHANTUN_VERSION = "0.8.1";
const INSTALL_DEADLINE_MS = 15 * 60_000;

export type PhantunSearch =
	| { readonly isPresent: true; readonly program: StockLikeProgram }
	/** `reason` is a sentence for the test's output. */
	| { readonly isPresent: false; readonly reason: string };

/** Root of the installation: TUNSCOPE_CACHE, or ~/.cache/tunscope. */
function installRoot(): string {
	const cache =
		process.env.TUNSCOPE_CACHE ?? join(homedir(), ".cache", "tunscope");
	return join(cache, `phantun-${PHANTUN_VERSION}`);
}

/** Looks only; never installs. */
export function findPhantun(): PhantunSearch {
	const directory = join(installRoot(), "bin");
	const client = join(directory, "client");
	const server = join(directory, "server");
	if (!isExecutable(client) || !isExecutable(server))
		return {
			isPresent: false,
			reason: `genuine Phantun ${PHANTUN_VERSION} is not in ${directory}`,
		};
	return {
		isPresent: true,
		program: { name: "stock", clientArgv: [client], serverArgv: [server] },
	};
}

/** Finds Phantun, or builds it where cargo is present (some minutes, once). Says what it does through `say`. */
export async function ensurePhantun(
	say: (line: string) => void,
): Promise<PhantunSearch> {
	const found = findPhantun();
	if (found.isPresent) return found;
	if (!hasCargo())
		return {
			isPresent: false,
			reason: `genuine Phantun is not installed, and without cargo it cannot be built`,
		};
	const root = installRoot();
	say(
		`Building genuine Phantun ${PHANTUN_VERSION} with cargo into ${root} (once, some minutes) …`,
	);
	await mkdir(root, { recursive: true });
	const code = await runCargo([
		...["install", "phantun", "--version", PHANTUN_VERSION, "--locked"],
		...["--root", root],
	]);
	if (code === 0) return findPhantun();
	return {
		isPresent: false,
		reason: `cargo install phantun ended with ${code} (is its registry reachable?)`,
	};
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function hasCargo(): boolean {
	const directories = [
		...(process.env.PATH ?? "").split(":"),
		join(homedir(), ".cargo", "bin"),
	];
	return directories.some((directory) => existsSync(join(directory, "cargo")));
}

function runCargo(argv: readonly string[]): Promise<number | string> {
	const path = `${process.env.PATH ?? ""}:${join(homedir(), ".cargo", "bin")}`;
	return new Promise((resolve) => {
		const child = spawn("cargo", argv, {
			stdio: ["ignore", "ignore", "inherit"],
			env: { ...process.env, PATH: path },
			timeout: INSTALL_DEADLINE_MS,
		});
		child.once("error", (error) => resolve(error.message));
		child.once("exit", (code, signal) =>
			resolve(code ?? signal ?? "an unknown end"),
		);
	});
}

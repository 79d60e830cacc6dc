// Compiles this package for children that run without vitest, and runs them with a deadline.

import { execFile, execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const CHILD_LIMIT_MS = 60_000;
const packageFolder = fileURLToPath(new URL("../..", import.meta.url));

/** How a child ended. */
export interface ChildEnd {
	readonly code: number | null;
	readonly signal: string | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** Writes build/: beside dist/, because others may be running from there. */
export function compileChildren(): void {
	const manifest = createRequire(import.meta.url).resolve(
		"typescript/package.json",
	);
	const compiler = path.join(path.dirname(manifest), "bin", "tsc");
	execFileSync(process.execPath, [compiler, "-p", "tsconfig.children.json"], {
		cwd: packageFolder,
		stdio: ["ignore", "pipe", "pipe"],
	});
}

/** Runs a compiled program of this package, through `wrapper` words when there are any. */
export function runChild(
	programWords: readonly string[],
	options: {
		readonly wrapper?: readonly string[];
		/** The whole environment; that of this process when omitted. */
		readonly env?: NodeJS.ProcessEnv;
	} = {},
): Promise<ChildEnd> {
	const words = [...(options.wrapper ?? []), process.execPath, ...programWords];
	const [command = "", ...rest] = words;
	return new Promise((resolve) => {
		const child = execFile(
			command,
			rest,
			{
				cwd: path.join(packageFolder, "build"),
				...(options.env ? { env: options.env } : {}),
				timeout: CHILD_LIMIT_MS,
			},
			(_error, stdout, stderr) =>
				resolve({
					code: child.exitCode,
					signal: child.signalCode,
					stdout: stdout.trim(),
					stderr: stderr.trim(),
				}),
		);
	});
}

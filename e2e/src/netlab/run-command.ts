// Runs a short host command (ip, nft, ethtool …) to its end, bounded in time, and explains a failure.

import { execFile, spawnSync } from "node:child_process";

const COMMAND_TIMEOUT_MS = 15_000;
const OUTPUT_LIMIT_BYTES = 32 * 1024 * 1024;

export class CommandError extends Error {
	readonly argv: readonly string[];
	readonly stderr: string;

	constructor(argv: readonly string[], stderr: string, options?: ErrorOptions) {
		super(
			`${argv.join(" ")} failed: ${stderr.trim() || "no message"}`,
			options,
		);
		this.name = "CommandError";
		this.argv = argv;
		this.stderr = stderr;
	}
}

/** @returns standard output. @throws CommandError on a non-zero exit, a signal or after 15 s. */
export function runCommand(
	argv: readonly string[],
	input = "",
): Promise<string> {
	const [file = "", ...rest] = argv;
	return new Promise((resolve, reject) => {
		const child = execFile(
			file,
			rest,
			{ timeout: COMMAND_TIMEOUT_MS, maxBuffer: OUTPUT_LIMIT_BYTES },
			(error, stdout, stderr) => {
				if (error === null) return resolve(stdout);
				reject(
					new CommandError(argv, stderr || error.message, { cause: error }),
				);
			},
		);
		// A command that fails at once closes its standard input before we have written: the exit code tells the story.
		child.stdin?.on("error", () => undefined);
		child.stdin?.end(input);
	});
}

/** For clean-up at exit, when no promise can be awaited any more. @returns whether it exited with 0. */
export function runCommandSync(argv: readonly string[]): boolean {
	const [file = "", ...rest] = argv;
	const outcome = spawnSync(file, rest, {
		timeout: COMMAND_TIMEOUT_MS,
		stdio: "ignore",
	});
	return outcome.status === 0;
}

/** Several `ip` commands in one call, optionally in a namespace: one line each, without the leading "ip". */
export async function runIpBatch(
	lines: readonly string[],
	namespace?: string,
): Promise<void> {
	const prefix = namespace === undefined ? [] : ["-n", namespace];
	await runCommand(["ip", ...prefix, "-batch", "-"], `${lines.join("\n")}\n`);
}

// The only place that starts other programs: `ip` and `nft`, without a shell, with a time limit and one error type.

import { execFile } from "node:child_process";
import { readEnvironment } from "../config/environment.js";
import { errnoNameOf, SystemError } from "./system-error.js";

/** `ip` and `nft` answer in milliseconds; a busy two-core machine may take a hundred times that. */
const COMMAND_TIME_LIMIT_MS = 5_000;
const MAX_OUTPUT_BYTES = 8 * 1_024 * 1_024;

const PACKAGE_OF_PROGRAM: Readonly<Record<string, string>> = {
	ip: "iproute2",
	nft: "nftables",
};

export interface CommandResult {
	readonly stdout: string;
	readonly stderr: string;
}

export interface CommandOptions {
	/** Written to the program's standard input. */
	readonly input?: string;
	readonly timeLimitMs?: number;
}

/** Runs a program to its end. Injected wherever commands are run, so that tests can look on. */
export type RunCommand = (
	program: string,
	programArguments: readonly string[],
	options?: CommandOptions,
) => Promise<CommandResult>;

/** A command in the form a person would type it. */
export function formatCommand(
	program: string,
	programArguments: readonly string[],
): string {
	return [program, ...programArguments]
		.map((word) =>
			/^[\w@%+=:,./-]+$/.test(word)
				? word
				: `'${word.replaceAll("'", "'\\''")}'`,
		)
		.join(" ");
}

/** @throws SystemError COMMAND_MISSING, COMMAND_TIMEOUT or COMMAND_FAILED (its message ends with the program's own words). */
export const runCommand: RunCommand = (
	program,
	programArguments,
	options = {},
) =>
	new Promise((resolve, reject) => {
		const timeLimitMs = options.timeLimitMs ?? COMMAND_TIME_LIMIT_MS;
		const child = execFile(
			program,
			[...programArguments],
			{
				timeout: timeLimitMs,
				killSignal: "SIGKILL",
				maxBuffer: MAX_OUTPUT_BYTES,
				encoding: "utf8",
				// Only what the programs need: no locale, so that their messages stay English and stable.
				env: { PATH: readEnvironment().programSearchPath, LC_ALL: "C" },
			},
			(error, stdout, stderr) => {
				if (error === null) return resolve({ stdout, stderr });
				const command = formatCommand(program, programArguments);
				reject(translate({ error, program, command, stderr, timeLimitMs }));
			},
		);
		// A program that ends before it has read its input is reported by its exit code, not by EPIPE.
		child.stdin?.on("error", () => undefined);
		child.stdin?.end(options.input ?? "");
	});

interface Failure {
	readonly error: Error & { readonly killed?: boolean };
	readonly program: string;
	readonly command: string;
	readonly stderr: string;
	readonly timeLimitMs: number;
}

function translate(failure: Failure): SystemError {
	const { error, program, command, stderr, timeLimitMs } = failure;
	const cause = { cause: error };
	if (errnoNameOf(error) === "ENOENT") return commandMissing(program, cause);
	if (error.killed === true) {
		return new SystemError(
			{
				code: "COMMAND_TIMEOUT",
				message: `\`${command}\` did not end within ${timeLimitMs} ms.`,
				whatToDo: `Run it by hand to see where it hangs.`,
			},
			cause,
		);
	}
	const words = stderr.trim().split("\n").slice(0, 3).join("; ");
	return new SystemError(
		{
			code: "COMMAND_FAILED",
			message: `\`${command}\` failed: ${words || error.message}`,
			whatToDo:
				"Run it by hand as root, or use --host-setup print to see all of them.",
		},
		cause,
	);
}

function commandMissing(program: string, cause: ErrorOptions): SystemError {
	const packageName = PACKAGE_OF_PROGRAM[program] ?? program;
	return new SystemError(
		{
			code: "COMMAND_MISSING",
			message: `The program \`${program}\` is not installed.`,
			whatToDo: `Install it (Debian, Ubuntu: apt-get install ${packageName}).`,
		},
		cause,
	);
}

// A long-running process inside a namespace: captured output, waits with deadlines, ended by its id.

import { type ChildProcess, spawn } from "node:child_process";
import { registerCleanup } from "./cleanup.js";
import type { Namespace } from "./namespace.js";
import { waitUntil } from "./wait-until.js";

/** Output beyond this is dropped from the front: a talkative daemon must not fill the tester's memory. */
const KEPT_OUTPUT_CHARACTERS = 4_000_000;
const KILL_DEADLINE_MS = 5_000;
const DEFAULT_DEADLINE_MS = 600_000;
/** A tunnel lives as long as its lab: a benchmark keeps one for a quarter of an hour. */
export const TUNNEL_DEADLINE_MS = 2 * 3_600_000;

export interface ExitOutcome {
	/** Null when a signal ended it. */
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	/** From start to end. */
	readonly durationMs: number;
}

export interface StartOptions {
	readonly argv: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	/** Ended by SIGKILL after this time, so that nothing outlives a test that forgot it. Default 10 minutes; null never. */
	readonly deadlineMs?: number | null;
	/** Called for every piece of standard output as it comes. */
	readonly onOutput?: (text: string) => void;
}

export interface LabProcess {
	readonly pid: number;
	readonly argv: readonly string[];
	readonly namespace: Namespace;
	/** Standard output so far. */
	stdout(): string;
	stderr(): string;
	/** Null while it runs. */
	outcome(): ExitOutcome | null;
	/** Resolves when it has ended, for whatever reason. */
	readonly ended: Promise<ExitOutcome>;
	/** Writes to standard input. */
	writeInput(text: string): void;
	/** Closes standard input: our generators take it as "come to an end". */
	closeInput(): void;
	/** Waits until the output (both streams) matches. @throws DeadlineError, or Error when it ended before. */
	waitForOutput(pattern: RegExp, deadlineMs: number): Promise<RegExpExecArray>;
	/** Sends the signal and waits for the end; SIGKILL when the deadline passes. */
	stop(signal?: NodeJS.Signals, deadlineMs?: number): Promise<ExitOutcome>;
}

/** Starts `argv` inside the namespace. `ip netns exec` replaces itself, so the pid is the program's own. */
export function startInNamespace(
	namespace: Namespace,
	options: StartOptions,
): LabProcess {
	const startedMs = performance.now();
	const child = spawn(
		"ip",
		["netns", "exec", namespace.name, ...options.argv],
		{
			env: { ...process.env, ...options.environment },
			stdio: "pipe",
			// A session of its own: Ctrl-C on a terminal is for us, who then end the children in order.
			detached: true,
		},
	);
	const kept = captureOutput(child, options.onOutput);
	let outcome: ExitOutcome | null = null;
	const unregister = registerCleanup(() => child.kill("SIGKILL"));
	const { deadlineMs = DEFAULT_DEADLINE_MS } = options;
	const timer =
		deadlineMs === null
			? undefined
			: setTimeout(() => child.kill("SIGKILL"), deadlineMs).unref();
	const ended = new Promise<ExitOutcome>((resolve) => {
		// "close", not "exit": the last output must have been read.
		child.once("close", (code, signal) => {
			clearTimeout(timer);
			unregister();
			outcome = { code, signal, durationMs: performance.now() - startedMs };
			resolve(outcome);
		});
		child.once("error", () => child.emit("close", 127, null));
	});
	return describeProcess({ child, namespace, options, kept, ended }, () => {
		return outcome;
	});
}

interface Capture {
	stdout: string;
	stderr: string;
}

interface Running {
	readonly child: ChildProcess;
	readonly namespace: Namespace;
	readonly options: StartOptions;
	readonly kept: Capture;
	readonly ended: Promise<ExitOutcome>;
}

function describeProcess(
	running: Running,
	outcome: () => ExitOutcome | null,
): LabProcess {
	const { child, kept, ended } = running;
	return {
		pid: child.pid ?? 0,
		argv: running.options.argv,
		namespace: running.namespace,
		stdout: () => kept.stdout,
		stderr: () => kept.stderr,
		outcome,
		ended,
		writeInput: (text) => {
			child.stdin?.write(text);
		},
		closeInput: () => child.stdin?.end(),
		waitForOutput: (pattern, deadlineMs) =>
			waitUntil(
				() => {
					const match = pattern.exec(kept.stdout) ?? pattern.exec(kept.stderr);
					if (match !== null) return match;
					if (outcome() === null) return null;
					throw new Error(
						`${running.options.argv.join(" ")} ended before it said ${pattern}:\n${kept.stdout}${kept.stderr}`,
					);
				},
				{ what: `output ${pattern}`, deadlineMs },
			),
		stop: async (signal = "SIGTERM", deadlineMs = KILL_DEADLINE_MS) => {
			const past = outcome();
			if (past !== null) return past;
			child.kill(signal);
			const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
			const end = await ended;
			clearTimeout(timer);
			return end;
		},
	};
}

function captureOutput(
	child: ChildProcess,
	onOutput: ((text: string) => void) | undefined,
): Capture {
	const kept: Capture = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name]?.setEncoding("utf8");
		child[name]?.on("data", (text: string) => {
			kept[name] = (kept[name] + text).slice(-KEPT_OUTPUT_CHARACTERS);
			if (name === "stdout") onOutput?.(text);
		});
	}
	child.stdin?.on("error", () => undefined);
	return kept;
}

/** Ends everything that still runs inside a namespace (it is ours alone): SIGTERM, then SIGKILL after 3 s. */
export async function endProcesses(namespace: Namespace): Promise<void> {
	for (const signal of ["SIGTERM", "SIGKILL"] as const) {
		for (const pid of await namespace.pids()) signalQuietly(pid, signal);
		const isEmpty = await waitUntil(
			async () => (await namespace.pids()).length === 0,
			{ what: "processes end", deadlineMs: 3_000 },
		).catch(() => false);
		if (isEmpty) return;
	}
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(pid, signal);
	} catch {
		// It ended in the meantime.
	}
}

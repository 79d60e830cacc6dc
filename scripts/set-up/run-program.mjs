// Runs one program to its end: output kept or shown, a time limit, its whole process group ended with it.

import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { TOP_FOLDER } from "./top-folder.mjs";

const KEPT_OUTPUT_CHARACTERS = 200_000;
const HEARTBEAT_MS = 5_000;
const KILL_GRACE_MS = 5_000;
const PRODUCT_ENV = {
	TURBO_TELEMETRY_DISABLED: "1",
	NEXT_TELEMETRY_DISABLED: "1",
	DEBIAN_FRONTEND: "noninteractive",
};

/** What npm tells its scripts about the package it runs them for; an npm that we start elsewhere must not believe it. */
const NPM_SCRIPT_ENV =
	/^npm_(package_|lifecycle_|command$|config_local_prefix$)/;

/** Process groups that are running, ended when this process is told to end. @type {Set<number>} */
const runningGroups = new Set();
/** Once this process is being ended, nobody is told how the programs ended: they were ended by us. */
let isEnding = false;

/**
 * @typedef {object} ProgramRun
 * @property {number} exitCode the program's own; 127 when it could not be started, 128 + n after signal n
 * @property {boolean} isTimedOut
 * @property {string} output the last 200,000 characters of standard output and error
 * @property {number} elapsedMs
 *
 * @typedef {object} ProgramOptions
 * @property {string} [cwd] the top folder unless given
 * @property {Record<string, string>} [env] added to this process's environment
 * @property {number} [timeLimitMs] 10 minutes unless given
 * @property {boolean} [isShown] also print the output as it comes
 * @property {string} [heartbeat] print "heartbeat … 5 s" every five seconds
 * @property {string} [logPath] also write the output to this file
 */

/**
 * @param {readonly [string, ...string[]]} command
 * @param {ProgramOptions} [options]
 * @returns {Promise<ProgramRun>}
 */
export function runProgram(command, options = {}) {
	const [program, ...args] = command;
	const startedAt = Date.now();
	const child = spawn(program, args, {
		cwd: options.cwd ?? TOP_FOLDER,
		env: { ...ownEnvironment(), ...PRODUCT_ENV, ...options.env },
		stdio: ["ignore", "pipe", "pipe"],
		detached: true, // a group of its own, which can be ended as a whole
	});
	if (child.pid !== undefined) runningGroups.add(child.pid);
	const keeper = keepOutput(child, options);
	let isTimedOut = false;
	const limit = setTimeout(() => {
		isTimedOut = true;
		endGroup(child.pid, "SIGTERM");
		setTimeout(() => endGroup(child.pid, "SIGKILL"), KILL_GRACE_MS).unref();
	}, options.timeLimitMs ?? 600_000);
	const heartbeat = options.heartbeat;
	const beat =
		heartbeat === undefined
			? undefined
			: setInterval(() => {
					const seconds = Math.round((Date.now() - startedAt) / 1_000);
					console.log(`  ${heartbeat} … ${seconds} s`);
				}, HEARTBEAT_MS);

	return new Promise((resolve) => {
		/** @param {number} exitCode */
		const finish = (exitCode) => {
			clearTimeout(limit);
			clearInterval(beat);
			if (child.pid !== undefined) runningGroups.delete(child.pid);
			if (isEnding) return;
			resolve({
				exitCode,
				isTimedOut,
				output: keeper.end(),
				elapsedMs: Date.now() - startedAt,
			});
		};
		child.once("error", (error) => {
			keeper.add(`${error.message}\n`);
			finish(127);
		});
		child.once("close", (code, signal) =>
			finish(code ?? 128 + constants.signals[signal ?? "SIGTERM"]),
		);
	});
}

/** True when the program runs and answers 0. @param {readonly [string, ...string[]]} command */
export async function succeeds(command) {
	return (await runProgram(command, { timeLimitMs: 20_000 })).exitCode === 0;
}

/** The last lines of an output, for a message. @param {string} output @param {number} count */
export function lastLines(output, count) {
	return output.trimEnd().split("\n").slice(-count).join("\n");
}

/**
 * Ends what this process started when it is itself told to end, then ends by the same signal's exit code.
 * @returns {() => void} stops listening
 */
export function endProgramsOnSignals() {
	/** @param {NodeJS.Signals} signal */
	const onSignal = (signal) => {
		isEnding = true;
		for (const group of runningGroups) endGroup(group, "SIGTERM");
		const deadline = Date.now() + KILL_GRACE_MS;
		const wait = setInterval(() => {
			if (runningGroups.size > 0 && Date.now() < deadline) return;
			clearInterval(wait);
			for (const group of runningGroups) endGroup(group, "SIGKILL");
			process.exit(128 + constants.signals[signal]);
		}, 50);
	};
	const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
	for (const signal of signals) process.once(signal, onSignal);
	return () => {
		for (const signal of signals) process.off(signal, onSignal);
	};
}

function ownEnvironment() {
	return Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !NPM_SCRIPT_ENV.test(name)),
	);
}

/** @param {number | undefined} group @param {NodeJS.Signals} signal */
function endGroup(group, signal) {
	if (group === undefined) return;
	try {
		process.kill(-group, signal);
	} catch {
		// It has ended by itself in the meantime.
	}
}

/** @param {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, import("node:stream").Readable>} child @param {ProgramOptions} options */
function keepOutput(child, options) {
	let kept = "";
	if (options.logPath !== undefined) {
		mkdirSync(dirname(options.logPath), { recursive: true });
	}
	const log =
		options.logPath === undefined
			? undefined
			: createWriteStream(options.logPath, { flags: "a" });
	/** @param {string} text */
	const add = (text) => {
		kept = (kept + text).slice(-KEPT_OUTPUT_CHARACTERS);
		log?.write(text);
		if (options.isShown) process.stdout.write(text);
	};
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8");
		stream.on("data", add);
	}
	return {
		add,
		end() {
			log?.end();
			return kept;
		},
	};
}

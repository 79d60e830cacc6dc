// The composition root: command line in, signals, an instance of tunnels, exit code out.

import type { TunnelConfig } from "@tunscope/shared/lean";
import { parseCommandLine } from "./cli/command-line.js";
import { Display } from "./cli/display.js";
import { EXIT, type ExitCode, exitCodeOfError } from "./cli/exit-codes.js";
import { hostSetupText } from "./cli/print-host-setup.js";
import type { StatusQuestion } from "./cli/status-command.js";
import { type Environment, readEnvironment } from "./config/environment.js";
import { readVersion } from "./config/version.js";
import { InstanceStatus } from "./control/instance-status.js";
import {
	type StatusService,
	startStatusService,
} from "./control/status-service.js";
import { Instance } from "./instance/instance.js";
import { controlDirectoryIn } from "./system/control-socket-files.js";
import { sweepRuntimeDirectory } from "./system/host-state-record-sweep.js";
import { type TunnelFailure, toFailure } from "./tunnel/failure.js";

/** Everything together must be over in 2 s; a host command that hangs must not keep a dying process alive for ever. */
const UNDO_DEADLINE_MS = 4_000;

/** npx hands Ctrl-C on to a child that the terminal has already told: two signals, one wish. */
const SAME_SIGNAL_MS = 1_000;

process.exit(await main(process.argv.slice(2)));

async function main(words: readonly string[]): Promise<ExitCode> {
	const version = readVersion();
	const outcome = parseCommandLine(words, version);
	if (outcome.kind === "text") {
		process.stdout.write(outcome.text);
		return EXIT.ok;
	}
	if (outcome.kind === "usage-error") {
		process.stderr.write(outcome.text);
		return EXIT.usage;
	}
	const environment = readEnvironment();
	if (outcome.kind === "status")
		return printStatus(outcome.question, environment);
	const { config, display: flags } = outcome;
	if (config.hostSetup === "print") return printHostSetup(config);
	const display = await Display.create({
		flags,
		tunnels: "one",
		environment,
		version,
		terminal: process.stdout,
	});
	const stopping = new AbortController();
	const bug = watchForBugs(display, stopping);
	watchSignals(display, stopping);
	const { instance, status } = createInstance({
		display,
		environment,
		version,
		isRetried: false,
	});
	stopping.signal.addEventListener("abort", () => void instance.stop());
	sweepRuntimeDirectory(environment.runtimeDirectory);
	const service = await startStatus({ status, display, environment });
	await instance.apply([config]);
	const end = await instance.ended;
	await service.stop();
	if (bug.hasHappened) return EXIT.internal;
	return end.kind === "stopped" ? EXIT.ok : report(end.failure, display);
}

function createInstance(parts: {
	readonly display: Display;
	readonly environment: Environment;
	readonly version: string;
	readonly isRetried: boolean;
}): { readonly instance: Instance; readonly status: InstanceStatus } {
	const { display, environment, version, isRetried } = parts;
	const status = new InstanceStatus({
		listTunnels: () => instance.tunnels,
		version,
		pid: process.pid,
		clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
	});
	const instance = new Instance({
		tunnelOptions: ({ name }) => {
			const logger = display.loggerOf(name);
			return {
				environment,
				isRetried,
				createObserver: () => status.follow(name, display.observe(name)),
				onNotice: (message) => {
					logger.warn({ event: "host" }, message);
					status.notice(name, message);
				},
				onWatchError: (error) =>
					logger.debug(
						{ event: "host-watch", err: error },
						"a look at the host failed",
					),
			};
		},
	});
	return { instance, status };
}

function startStatus(parts: {
	readonly status: InstanceStatus;
	readonly display: Display;
	readonly environment: Environment;
}): Promise<StatusService> {
	const { status, display, environment } = parts;
	return startStatusService({
		status,
		directory: controlDirectoryIn(environment.runtimeDirectory),
		pid: process.pid,
		onSocketError: (error) => {
			const reason = error instanceof Error ? error.message : String(error);
			display.logger.warn(
				{ event: "control-socket", reason },
				`\`tunscope status\` will not find this process: ${reason}`,
			);
		},
		onLinesWanted: (tunnels) => display.showStatus(tunnels),
	});
}

async function printStatus(
	question: StatusQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const { stdout: out, stderr: err } = process;
	try {
		// Only who asks loads it.
		const { runStatus } = await import("./cli/status.js");
		return await runStatus({ question, environment, out, err });
	} catch (error) {
		return report(toFailure(error), null);
	}
}

async function printHostSetup(config: TunnelConfig): Promise<ExitCode> {
	try {
		process.stdout.write(await hostSetupText(config));
		return EXIT.ok;
	} catch (error) {
		return report(toFailure(error), null);
	}
}

/** The first signal stops in order; one that comes a second later, because that hangs, ends at once. */
function watchSignals(display: Display, stopping: AbortController): void {
	let firstAtMs = 0;
	const onSignal = (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => {
		if (!stopping.signal.aborted) {
			display.logger.info({ event: "signal", signal }, `${signal}: stopping`);
			firstAtMs = performance.now();
			stopping.abort();
			exitAfterDeadline(display, EXIT.system);
			return;
		}
		if (performance.now() - firstAtMs < SAME_SIGNAL_MS) return;
		display.release();
		process.stderr.write(
			"tunscope: ended at once; what is left on this host is undone at the next start.\n",
		);
		process.exit(signal === "SIGINT" ? EXIT.interrupted : EXIT.terminated);
	};
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
		process.on(signal, () => onSignal(signal));
}

/** An error that nobody caught is our bug: the host is put back, then the process ends. */
function watchForBugs(
	display: Display,
	stopping: AbortController,
): { readonly hasHappened: boolean } {
	const bug = { hasHappened: false };
	const onBug = (error: unknown) => {
		bug.hasHappened = true;
		report(toFailure(error), display);
		stopping.abort();
		exitAfterDeadline(display, EXIT.internal);
	};
	process.on("uncaughtException", onBug);
	process.on("unhandledRejection", onBug);
	return bug;
}

function exitAfterDeadline(display: Display, code: ExitCode): void {
	setTimeout(() => {
		display.release();
		process.stderr.write(
			"tunscope: undoing the host set-up takes too long; the rest is undone at the next start.\n",
		);
		process.exit(code);
	}, UNDO_DEADLINE_MS).unref();
}

function report(failure: TunnelFailure, display: Display | null): ExitCode {
	const { code, message, whatToDo } = failure;
	display?.release();
	if (display?.isStructured === true)
		display.logger.fatal({ event: "failed", code, whatToDo }, message);
	process.stderr.write(`tunscope: ${message} ${whatToDo}\n`);
	return exitCodeOfError(code);
}

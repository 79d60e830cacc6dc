// The composition root: command line in, what it asks for done, exit code out.

import type { TunnelRequest } from "@tunscope/shared/lean";
import type { AnomaliesQuestion } from "./cli/anomalies-command.js";
import type { CaptureQuestion } from "./cli/capture-command.js";
import { type DisplayFlags, parseCommandLine } from "./cli/command-line.js";
import { Display } from "./cli/display.js";
import { EXIT, type ExitCode } from "./cli/exit-codes.js";
import type { FileQuestion } from "./cli/file-commands.js";
import { hostSetupText } from "./cli/print-host-setup.js";
import type { ReconnectQuestion } from "./cli/reconnect-command.js";
import { reportFailure } from "./cli/report-failure.js";
import { runInstance, type TunRecall } from "./cli/run-instance.js";
import type { StatusQuestion } from "./cli/status-command.js";
import { type Environment, readEnvironment } from "./config/environment.js";
import { readVersion } from "./config/version.js";
import { toFailure } from "./tunnel/failure.js";

/** A single tunnel leaves no file behind to remember by. */
const NO_MEMORY: TunRecall = {
	recall: () => null,
	remember: () => undefined,
};

process.exit(await main(process.argv));

async function main([
	,
	script,
	...words
]: readonly string[]): Promise<ExitCode> {
	const version = readVersion();
	const outcome = parseCommandLine(words, version, script);
	const environment = readEnvironment();
	try {
		switch (outcome.kind) {
			case "text":
				process.stdout.write(outcome.text);
				return EXIT.ok;
			case "usage-error":
				process.stderr.write(outcome.text);
				return EXIT.usage;
			case "status":
				return await printStatus(outcome.question, environment);
			case "anomalies":
				return await listAnomalies(outcome.question, environment);
			case "capture":
				return await writeCapture(outcome.question, environment);
			case "reconnect":
				return await reconnect(outcome.question, environment);
			case "file":
				return await answerAboutFile(outcome.question, environment, version);
			case "run":
				return await runOne(outcome, environment, version);
		}
	} catch (error) {
		return reportFailure(toFailure(error), null);
	}
}

async function runOne(
	wanted: TunnelRequest & { readonly display: DisplayFlags },
	environment: Environment,
	version: string,
): Promise<ExitCode> {
	if (wanted.config.hostSetup === "print") {
		process.stdout.write(await hostSetupText(wanted));
		return EXIT.ok;
	}
	const display = await Display.create({
		flags: wanted.display,
		tunnels: "one",
		environment,
		version,
		terminal: process.stdout,
		errors: process.stderr,
	});
	const { config, isFixed } = wanted;
	return runInstance({
		display,
		environment,
		version,
		requests: [{ config, isFixed }],
		isRetried: false,
		tuns: NO_MEMORY,
		configPath: null,
		onHangUp: null,
	});
}

/** What reads the file (zod, yaml) is loaded by these commands only: a single tunnel has a memory budget. */
async function answerAboutFile(
	question: FileQuestion,
	environment: Environment,
	version: string,
): Promise<ExitCode> {
	switch (question.kind) {
		case "up": {
			const { runUp } = await import("./cli/up.js");
			return runUp(question, environment, version);
		}
		case "check": {
			const { runCheck } = await import("./cli/check.js");
			return runCheck(question, environment);
		}
		case "convert": {
			const { runConvert } = await import("./cli/convert.js");
			return runConvert(question);
		}
	}
}

async function printStatus(
	question: StatusQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const { stdout: out, stderr: err } = process;
	// Only who asks loads it.
	const { runStatus } = await import("./cli/status.js");
	return runStatus({ question, environment, out, err });
}

async function writeCapture(
	question: CaptureQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const { stdout: out, stderr: err } = process;
	const enough = untilSignalled();
	const { runCapture } = await import("./cli/capture.js");
	return runCapture({ question, environment, out, err, enough });
}

async function reconnect(
	question: ReconnectQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const { stdout: out, stderr: err } = process;
	const { runReconnect } = await import("./cli/reconnect.js");
	return runReconnect({ question, environment, out, err });
}

async function listAnomalies(
	question: AnomaliesQuestion,
	environment: Environment,
): Promise<ExitCode> {
	const { stdout: out, stderr: err } = process;
	const enough = untilSignalled();
	const { runAnomalies } = await import("./cli/anomalies.js");
	return runAnomalies({ question, environment, out, err, enough });
}

/** Aborted by the first Ctrl-C; a second one ends the process at once. */
function untilSignalled(): AbortSignal {
	const enough = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.once(signal, () => enough.abort());
	return enough.signal;
}

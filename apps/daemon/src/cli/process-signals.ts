// Signals and uncaught errors of a process that runs tunnels: an orderly stop, a hurried one, a reload.

import { watchTerminal } from "../system/lost-terminal.js";
import { errnoNameOf } from "../system/system-error.js";
import { toFailure } from "../tunnel/failure.js";
import type { Display } from "./display.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { reportFailure } from "./report-failure.js";

/** Everything together must be over in 2 s; a host command that hangs must not keep a dying process alive for ever. */
const UNDO_DEADLINE_MS = 4_000;

/** npx hands Ctrl-C on to a child that the terminal has already told: two signals, one wish. */
const SAME_SIGNAL_MS = 1_000;

type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface SignalOptions {
	readonly display: Display;
	/** Aborted by the first signal to stop. */
	readonly stopping: AbortController;
	/** What SIGHUP asks for; null where it stops, too. */
	readonly onHangUp: (() => void) | null;
}

/** The first signal stops in order; one that comes a second later, because that hangs, ends at once. */
export function watchSignals({
	display,
	stopping,
	onHangUp,
}: SignalOptions): void {
	let firstAtMs = 0;
	outliveTerminal();
	const hasLostTerminal = watchTerminal();
	const onSignal = (signal: StopSignal) => {
		hasLostTerminal();
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
	for (const signal of ["SIGINT", "SIGTERM"] as const)
		process.on(signal, () => onSignal(signal));
	process.on("SIGHUP", () => {
		// With its terminal the operator has gone: not a wish to read a file again.
		const isTerminalGone = hasLostTerminal();
		if (onHangUp === null || isTerminalGone || stopping.signal.aborted)
			onSignal("SIGHUP");
		else onHangUp();
	});
}

/** Lines for a terminal that is closed are lost; that must not keep the host from being put back in order. */
function outliveTerminal(): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on("error", (error: Error) => {
			if (errnoNameOf(error) !== "EIO") throw error;
		});
}

/** An error that nobody caught is our bug: the host is put back, then the process ends. */
export function watchForBugs(
	display: Display,
	stopping: AbortController,
): { readonly hasHappened: boolean } {
	const bug = { hasHappened: false };
	const onBug = (error: unknown) => {
		bug.hasHappened = true;
		reportFailure(toFailure(error), display);
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

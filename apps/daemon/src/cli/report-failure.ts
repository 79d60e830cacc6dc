// Says to an operator why the command ends, on standard error and, where logs are structured, in the log; gives the exit code.

import type { TunnelFailure } from "../tunnel/failure.js";
import type { Display } from "./display.js";
import { type ExitCode, exitCodeOfError } from "./exit-codes.js";

/** @param display null where there is none yet. */
export function reportFailure(
	failure: TunnelFailure,
	display: Display | null,
): ExitCode {
	const { code, message, whatToDo } = failure;
	display?.release();
	if (display?.isStructured === true)
		display.logger.fatal({ event: "failed", code, whatToDo }, message);
	process.stderr.write(`tunscope: ${message} ${whatToDo}\n`);
	return exitCodeOfError(code);
}

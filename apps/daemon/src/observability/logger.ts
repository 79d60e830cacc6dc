// Log lines: one JSON object each for machines, one readable line each for a person at a terminal.

import { type Logger, pino } from "pino";

export type { Logger };

export interface LoggerOptions {
	readonly level: string;
	readonly version: string;
	/** "json" writes to the descriptor; "pretty" hands finished lines to `writeLine`. */
	readonly form: "json" | "pretty";
	/** Standard output or standard error. */
	readonly descriptor: 1 | 2;
	/** Gets whole lines, for a screen that has to make room for them first. */
	readonly writeLine: (text: string) => void;
	readonly hasColour: boolean;
}

/** Field names that both forms know: `event` names what happened, `msg` says it to a person. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
	const { level, version, form, descriptor } = options;
	if (form === "json") {
		const base = { pid: process.pid, version };
		// Synchronous: the last line before an exit must not be lost.
		return pino(
			{ level, base, timestamp: pino.stdTimeFunctions.isoTime },
			pino.destination({ dest: descriptor, sync: true }),
		);
	}
	// Only a person at a terminal pays for loading it.
	const { prettyFactory } = await import("pino-pretty");
	const toLine = prettyFactory({
		colorize: options.hasColour,
		translateTime: "HH:MM:ss",
		ignore: "pid,hostname,event,version",
		hideObject: true,
		messageFormat: "{if tunnel}{tunnel}: {end}{msg}",
	});
	return pino(
		{ level, base: null },
		{ write: (line: string) => options.writeLine(toLine(line) ?? "") },
	);
}

// Reads our daemon's JSON log lines: what happened, and the counters it gives at its end.

import type { LabProcess } from "../netlab/lab-process.js";

export interface LogLine {
	readonly event?: string;
	readonly [field: string]: unknown;
}

/** Lines that are JSON objects; others (a crash, say) are left out. */
export function logLines(running: LabProcess): LogLine[] {
	return `${running.stdout()}\n${running.stderr()}`
		.split("\n")
		.filter((line) => line.startsWith("{"))
		.flatMap((line) => {
			try {
				return [JSON.parse(line) as LogLine];
			} catch {
				// Cut in the middle: the rest has not come yet.
				return [];
			}
		});
}

/** How many lines have this event, and these fields when given. */
export function countLogged(
	running: LabProcess,
	event: string,
	fields: Readonly<Record<string, unknown>> = {},
): number {
	return logLines(running).filter(
		(line) =>
			line.event === event &&
			Object.entries(fields).every(([name, wanted]) => line[name] === wanted),
	).length;
}

// Reads from a daemon's log how soon it said what was done to its host.

import type { LabProcess } from "../netlab/lab-process.js";
import type { TunnelEnd } from "../netlab/tunnel-options.js";
import { waitUntil } from "../netlab/wait-until.js";

/** The limit: each change noticed within a second. */
const NOTICE_LIMIT_MS = 1_000;

/**
 * Does something to the host, and waits for a new log line about it.
 * @param news pattern of the line's JSON text; alone it has the limit
 * @returns milliseconds from the end of the deed to the line. @throws DeadlineError after `limitMs`
 */
export async function noticedAfter(
	end: TunnelEnd,
	news: RegExp | { readonly pattern: RegExp; readonly limitMs: number },
	deed: () => Promise<void>,
): Promise<number> {
	const { pattern, limitMs } =
		news instanceof RegExp ? { pattern: news, limitMs: NOTICE_LIMIT_MS } : news;
	const before = matchingLines(end.process, pattern);
	await deed();
	const startedMs = performance.now();
	await waitUntil(() => matchingLines(end.process, pattern) > before, {
		what: `log line ${pattern}`,
		deadlineMs: limitMs,
		intervalMs: 5,
	});
	return performance.now() - startedMs;
}

export function matchingLines(running: LabProcess, pattern: RegExp): number {
	return running
		.stdout()
		.split("\n")
		.filter((line) => pattern.test(line)).length;
}

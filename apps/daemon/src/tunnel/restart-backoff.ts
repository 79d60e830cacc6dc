// How long to wait before a tunnel's worker is started again: doubling, bounded, forgotten after a long run.

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
/** A worker that lived this long did not die of its start. */
const LONG_RUN_MS = 60_000;

export interface RestartBackoff {
	/** @returns the delay before the next start, in milliseconds. */
	delayAfterRunMs(ranMs: number): number;
}

export function createRestartBackoff(
	firstDelayMs = FIRST_DELAY_MS,
): RestartBackoff {
	let nextMs = firstDelayMs;
	return {
		delayAfterRunMs(ranMs) {
			if (ranMs >= LONG_RUN_MS) nextMs = firstDelayMs;
			const delayMs = nextMs;
			nextMs = Math.min(nextMs * 2, MAX_DELAY_MS);
			return delayMs;
		},
	};
}

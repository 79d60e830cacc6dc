// Lets the first few events of a kind through in each window and counts the rest, so that no storm fills a disk.

const WINDOW_MS = 1_000;
const MAX_PER_WINDOW = 20;

export interface EventLimiter {
	/** @returns null to stay silent, or how many events were withheld since the last one let through. */
	admit(nowMs: number): { readonly withheld: number } | null;
}

export function createEventLimiter(
	maxPerWindow = MAX_PER_WINDOW,
): EventLimiter {
	let windowStartMs = Number.NEGATIVE_INFINITY;
	let admitted = 0;
	let withheld = 0;
	return {
		admit(nowMs) {
			if (nowMs - windowStartMs >= WINDOW_MS) {
				windowStartMs = nowMs;
				admitted = 0;
			}
			if (admitted >= maxPerWindow) {
				withheld += 1;
				return null;
			}
			admitted += 1;
			const report = { withheld };
			withheld = 0;
			return report;
		},
	};
}

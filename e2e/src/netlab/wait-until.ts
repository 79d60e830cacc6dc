// Waits for a condition with a deadline; the only way a lab test waits.

const DEFAULT_INTERVAL_MS = 20;

export class DeadlineError extends Error {
	constructor(what: string, deadlineMs: number) {
		super(`${what}: not within ${deadlineMs} ms`);
		this.name = "DeadlineError";
	}
}

export interface WaitOptions {
	/** For the error message: what is waited for. */
	readonly what: string;
	readonly deadlineMs: number;
	readonly intervalMs?: number;
}

type Falsy = false | null | undefined;

/**
 * Asks `condition` until it gives something other than false, null or undefined.
 * @returns what it gave. @throws DeadlineError; whatever `condition` throws passes through.
 */
export async function waitUntil<T>(
	condition: () => T | Falsy | Promise<T | Falsy>,
	options: WaitOptions,
): Promise<T> {
	const endMs = performance.now() + options.deadlineMs;
	for (;;) {
		const outcome = await condition();
		if (outcome !== false && outcome !== null && outcome !== undefined)
			return outcome;
		if (performance.now() >= endMs)
			throw new DeadlineError(options.what, options.deadlineMs);
		await pauseMs(options.intervalMs ?? DEFAULT_INTERVAL_MS);
	}
}

/** A pause as part of a pacing or polling loop; a test that wants to wait uses `waitUntil`. */
export function pauseMs(durationMs: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, durationMs));
}

// Looks at routes, links and forwarding from time to time, so that the tunnel follows its host.

import type { HostSetup } from "./host-setup.js";

/** wire.md 4.12: the guard goes within a second. Reading two files costs microseconds. */
const FORWARDING_INTERVAL_MS = 500;
/** Each look starts `ip` two to four times, about 2 ms of processor time each. */
const PATH_INTERVAL_MS = 5_000;

export interface HostWatchOptions {
	readonly host: Pick<HostSetup, "refresh" | "checkForwarding">;
	readonly onLinkMtu: (linkMtuBytes: number) => void;
	/** A look that failed; the next one may succeed. */
	readonly onError: (error: unknown) => void;
}

export interface HostWatch {
	/** Idempotent. */
	start(): void;
	/** Idempotent. */
	stop(): void;
}

export function createHostWatch(options: HostWatchOptions): HostWatch {
	const { host, onLinkMtu, onError } = options;
	let timers: readonly NodeJS.Timeout[] = [];
	let linkMtuBytes: number | null = null;
	const lookAtPath = async () => {
		const present = await host.refresh();
		if (present === null || present === linkMtuBytes) return;
		linkMtuBytes = present;
		onLinkMtu(present);
	};
	return {
		start() {
			if (timers.length > 0) return;
			timers = [
				setInterval(oneAtATime(lookAtPath, onError), PATH_INTERVAL_MS),
				setInterval(
					oneAtATime(() => host.checkForwarding(), onError),
					FORWARDING_INTERVAL_MS,
				),
			];
		},
		stop() {
			for (const timer of timers) clearInterval(timer);
			timers = [];
		},
	};
}

/** A look that takes longer than the interval is not started twice. */
function oneAtATime(
	look: () => Promise<void>,
	onError: (error: unknown) => void,
): () => void {
	let isLooking = false;
	return () => {
		if (isLooking) return;
		isLooking = true;
		look()
			.catch(onError)
			.finally(() => {
				isLooking = false;
			});
	};
}

// One moment by both clocks: the wall's for people, the host's monotonic one for differences.

import type { AnomalyEvent } from "@tunscope/shared/lean";

export type Moment = AnomalyEvent["firstSeen"];

export interface MomentClock {
	/** Milliseconds since 1970. */
	wallMs(): number;
	/** CLOCK_MONOTONIC in milliseconds: the same in all threads of a host. */
	monotonicMs(): number;
}

export const HOST_CLOCK: MomentClock = {
	wallMs: () => Date.now(),
	monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
};

/** The moment that lies so many milliseconds in the past. */
export function momentBefore(clock: MomentClock, agoMs: number): Moment {
	const monotonicMs = Math.max(0, clock.monotonicMs() - agoMs);
	return {
		at: new Date(clock.wallMs() - agoMs).toISOString(),
		// Microseconds are more than anybody compares.
		monotonicMs: Math.round(monotonicMs * 1_000) / 1_000,
	};
}

// Notices that time went by without us: the machine was suspended, or this process stood still. The wall clock is no evidence of either.

/** Both in milliseconds from any beginning. */
export interface Clocks {
	/** CLOCK_MONOTONIC: stands still while the machine is suspended. */
	readonly monotonicMs: () => number;
	/** CLOCK_BOOTTIME: does not. */
	readonly bootMs: () => number;
}

export interface TimeGap {
	readonly kind: "suspended" | "stood-still";
	readonly durationMs: number;
}

/** /proc/uptime has hundredths of a second, and a look takes its time. */
const LEAST_SUSPENSION_MS = 1_000;
/** A busy machine may hold a thread back for a second or two. */
const LEAST_STANDSTILL_MS = 5_000;

export class ClockWatch {
	readonly #clocks: Clocks;
	#monotonicMs: number;
	#bootMs: number;

	constructor(clocks: Clocks) {
		this.#clocks = clocks;
		this.#monotonicMs = clocks.monotonicMs();
		this.#bootMs = clocks.bootMs();
	}

	/** Call it about twice a second. @returns what happened since the call before, null when nothing did. */
	tick(): TimeGap | null {
		const monotonicMs = this.#clocks.monotonicMs();
		const bootMs = this.#clocks.bootMs();
		const ranMs = monotonicMs - this.#monotonicMs;
		const suspendedMs = bootMs - this.#bootMs - ranMs;
		this.#monotonicMs = monotonicMs;
		this.#bootMs = bootMs;
		if (suspendedMs >= LEAST_SUSPENSION_MS)
			return { kind: "suspended", durationMs: suspendedMs };
		if (ranMs >= LEAST_STANDSTILL_MS)
			return { kind: "stood-still", durationMs: ranMs };
		return null;
	}
}

// The time of captured packets: as fine as the monotonic clock, and beside the wall clock also after that was set.

/** Both in milliseconds; the wall clock counts from 1970. */
export interface ClockSources {
	readonly monotonicMs: () => number;
	readonly wallMs: () => number;
}

/** More than the wall clock's own grain and what a busy thread needs between two looks. */
const TOLERANCE_MS = 50;

export class CaptureClock {
	readonly #sources: ClockSources;
	readonly #baseUnixMs: number;
	#offsetMs = 0;

	/** @param baseUnixMs what times are counted from. */
	constructor(baseUnixMs: number, sources: ClockSources) {
		this.#sources = sources;
		this.#baseUnixMs = baseUnixMs;
		this.#setByWall();
	}

	/** Milliseconds since the base, finer than a microsecond. */
	nowMs(): number {
		return this.#sources.monotonicMs() + this.#offsetMs;
	}

	/** Call it a few times a second: after a suspension or a new wall-clock time, captures lie beside those of other programs. */
	follow(): void {
		const wallMs = this.#sources.wallMs() - this.#baseUnixMs;
		if (Math.abs(wallMs - this.nowMs()) > TOLERANCE_MS) this.#setByWall();
	}

	#setByWall(): void {
		const { monotonicMs, wallMs } = this.#sources;
		this.#offsetMs = wallMs() - this.#baseUnixMs - monotonicMs();
	}
}

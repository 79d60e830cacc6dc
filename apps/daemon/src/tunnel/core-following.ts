// Decides on which core the worker waits: with sparse traffic, on the one that handles the packets.
//
// The scheduler wakes a sleeping thread on an idle core when there is one. Waking that core costs an interrupt between
// processors, 20 to 40 µs of delay and much of a packet's CPU on a virtual machine, and a datagram pays it at each
// end. A worker that stays where its packets arrive is woken without any of that, as receive flow steering does in the
// kernel. It holds as long as that core has time to spare (docs/decisions/0011).

/** What happened to the worker's thread since the sample before. */
export interface ThreadSample {
	readonly elapsedNs: number;
	/** Time on a core. */
	readonly ranNs: number;
	/** Time ready to run, but waiting for a core. */
	readonly waitedNs: number;
	readonly wakeups: number;
	/** Of all cores the one that handled the most packets meanwhile; null when none did. */
	readonly busiestCore: number | null;
}

/** A core, "anywhere", or no change. */
export type CoreDecision = number | "anywhere" | "stay";

/** Fewer wake-ups a second are idle: where the thread waits then is the scheduler's business. */
export const SPARSE_WAKEUPS_PER_S = 200;
/** Follows below the one share of a core, lets go above the other. */
const FOLLOW_BELOW_SHARE = 0.45;
const LET_GO_ABOVE_SHARE = 0.6;
/** A core that keeps the thread waiting for longer, per wake-up, is taken: whatever else runs there comes first. */
const MAX_WAIT_PER_WAKEUP_NS = 40_000;
/** After letting go; doubles while it has to let go again and again, and begins anew with other traffic. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** A core that was good for this long was no mistake. */
const GOOD_STAY_MS = 10_000;

export class CoreFollowing {
	#core: number | null = null;
	#pauseMs = FIRST_PAUSE_MS;
	#pausedUntilMs = Number.NEGATIVE_INFINITY;
	#followedMs = 0;
	#isRefused = false;

	/** Whether the next sample needs `busiestCore`; finding it costs a little. */
	needsBusiestCore(nowMs: number): boolean {
		return this.#core === null && nowMs >= this.#pausedUntilMs;
	}

	decide(sample: ThreadSample, nowMs: number): CoreDecision {
		const { elapsedNs, ranNs, waitedNs, wakeups, busiestCore } = sample;
		const share = ranNs / elapsedNs;
		const isIdle = wakeups < (SPARSE_WAKEUPS_PER_S * elapsedNs) / 1e9;
		if (isIdle) return this.#rest();
		if (this.#core === null) {
			if (share > FOLLOW_BELOW_SHARE || busiestCore === null) return "stay";
			if (nowMs < this.#pausedUntilMs) return "stay";
			this.#core = busiestCore;
			this.#followedMs = nowMs;
			this.#isRefused = false;
			return busiestCore;
		}
		const isTaken = waitedNs > wakeups * MAX_WAIT_PER_WAKEUP_NS;
		if (!isTaken && share <= LET_GO_ABOVE_SHARE) return "stay";
		if (nowMs - this.#followedMs >= GOOD_STAY_MS)
			this.#pauseMs = FIRST_PAUSE_MS;
		this.#pausedUntilMs = nowMs + this.#pauseMs;
		this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
		this.#core = null;
		return "anywhere";
	}

	/** The core could not be had: not tried again for the longest pause. */
	refused(nowMs: number): void {
		this.#core = null;
		this.#isRefused = true;
		this.#pausedUntilMs = nowMs + LONGEST_PAUSE_MS;
	}

	/** The traffic is over, and what it taught with it: the next may be of another kind. */
	#rest(): CoreDecision {
		if (!this.#isRefused) {
			this.#pauseMs = FIRST_PAUSE_MS;
			this.#pausedUntilMs = Number.NEGATIVE_INFINITY;
		}
		if (this.#core === null) return "stay";
		this.#core = null;
		return "anywhere";
	}
}

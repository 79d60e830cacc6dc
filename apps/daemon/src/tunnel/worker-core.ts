// Keeps the worker's thread on the core that `CoreFollowing` chooses, tick by tick.

import type { Poller } from "@tunscope/tun";
import { type ThreadTimes, ThreadWatch } from "../system/thread-watch.js";
import {
	type CoreDecision,
	CoreFollowing,
	SPARSE_WAKEUPS_PER_S,
} from "./core-following.js";

/** An idle thread is looked at this often, so that the first look under traffic has something recent to compare with. */
const IDLE_LOOK_MS = 1_000;

export interface WorkerCoreParts {
	readonly poller: Pick<Poller, "keepThreadOn">;
	/** The kernel's files; tests have their own. */
	readonly watch?: Pick<ThreadWatch, "times" | "busiestCore" | "close">;
}

export class WorkerCore {
	readonly #poller: WorkerCoreParts["poller"];
	readonly #watch: NonNullable<WorkerCoreParts["watch"]>;
	readonly #following = new CoreFollowing();
	#times: ThreadTimes | null = null;
	#atMs = Number.NEGATIVE_INFINITY;
	#wakeups = 0;
	#isKept = false;
	#isClosed = false;

	constructor({ poller, watch = new ThreadWatch() }: WorkerCoreParts) {
		this.#poller = poller;
		this.#watch = watch;
	}

	/** Call it from every tick. @param wakeups since the worker began. */
	tick(wakeups: number, nowMs: number): void {
		const elapsedMs = nowMs - this.#atMs;
		if (this.#isClosed || elapsedMs <= 0) return;
		const isIdle =
			(wakeups - this.#wakeups) * 1_000 < SPARSE_WAKEUPS_PER_S * elapsedMs;
		if (isIdle && !this.#isKept && elapsedMs < IDLE_LOOK_MS) return;
		const times = this.#watch.times();
		const busiestCore = this.#following.needsBusiestCore(nowMs)
			? this.#watch.busiestCore()
			: null;
		const before = this.#times;
		if (times !== null && before !== null)
			this.#apply(
				this.#following.decide(
					{
						elapsedNs: elapsedMs * 1e6,
						ranNs: times.ranNs - before.ranNs,
						waitedNs: times.waitedNs - before.waitedNs,
						wakeups: wakeups - this.#wakeups,
						busiestCore,
					},
					nowMs,
				),
				nowMs,
			);
		this.#times = times;
		this.#atMs = nowMs;
		this.#wakeups = wakeups;
	}

	/** Idempotent. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		if (this.#isKept) this.#poller.keepThreadOn(null);
		this.#watch.close();
	}

	#apply(decision: CoreDecision, nowMs: number): void {
		if (decision === "stay") return;
		const core = decision === "anywhere" ? null : decision;
		const isDone = this.#poller.keepThreadOn(core);
		this.#isKept = core !== null && isDone;
		if (core !== null && !isDone) this.#following.refused(nowMs);
	}
}

// Keeps the worker's thread on the core that `CoreFollowing` chooses, tick by tick.

import type { Poller } from "@tunscope/tun";
import { type ThreadTimes, ThreadWatch } from "../system/thread-watch.js";
import { CoreFollowing } from "./core-following.js";

export class WorkerCore {
	readonly #poller: Poller;
	readonly #watch = new ThreadWatch();
	readonly #following = new CoreFollowing();
	#times: ThreadTimes | null = null;
	#atMs = 0;
	#wakeups = 0;
	#isClosed = false;

	constructor(poller: Poller) {
		this.#poller = poller;
	}

	/** Call it from every tick. @param wakeups since the worker began. */
	tick(wakeups: number, nowMs: number): void {
		if (this.#isClosed) return;
		const times = this.#watch.times();
		const busiestCore = this.#following.needsBusiestCore(nowMs)
			? this.#watch.busiestCore()
			: null;
		const before = this.#times;
		if (times !== null && before !== null && nowMs > this.#atMs) {
			const decision = this.#following.decide(
				{
					elapsedNs: (nowMs - this.#atMs) * 1e6,
					ranNs: times.ranNs - before.ranNs,
					waitedNs: times.waitedNs - before.waitedNs,
					wakeups: wakeups - this.#wakeups,
					busiestCore,
				},
				nowMs,
			);
			if (decision === "anywhere") this.#poller.keepThreadOn(null);
			else if (decision !== "stay" && !this.#poller.keepThreadOn(decision))
				this.#following.refused(nowMs);
		}
		this.#times = times;
		this.#atMs = nowMs;
		this.#wakeups = wakeups;
	}

	/** Idempotent. */
	close(): void {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#poller.keepThreadOn(null);
		this.#watch.close();
	}
}

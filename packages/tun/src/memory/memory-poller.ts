// A level-triggered poller over in-memory sources: wakes through setImmediate while something is ready.

import { invariant } from "../invariant.js";
import type { LinkWatch } from "../link-watch.js";
import type { Poller } from "../packet-io.js";
import type { TunDevice } from "../tun-device.js";
import type { UdpSocket } from "../udp-socket.js";

const READY_CAPACITY = 1_024;

type Source = TunDevice | UdpSocket | LinkWatch;

/** What every in-memory source offers its pollers. */
export abstract class PollSource {
	/** Run when the source may have become ready, and when it closes. */
	readonly wakers = new Set<() => void>();
	/** Bits of READY; 0 when nothing is there. */
	abstract readyFlags(): number;
	/** A closed source leaves its pollers by itself. */
	abstract readonly isOpen: boolean;

	wake(): void {
		for (const waker of this.wakers) {
			waker();
		}
	}
}

function pollable(source: Source): PollSource {
	invariant(
		source instanceof PollSource,
		"The source was not opened by this factory.",
	);
	return source;
}

export class MemoryPoller implements Poller {
	readonly readyTokens = new Int32Array(READY_CAPACITY);
	readonly readyFlags = new Uint8Array(READY_CAPACITY);
	readonly #tokens = new Map<PollSource, number>();
	readonly #waker = () => this.#schedule();
	#onReady: ((ready: number) => void) | null = null;
	#scheduled: NodeJS.Immediate | null = null;

	add(source: Source, token: number): void {
		invariant(Number.isInteger(token), "A token is a whole number.");
		const added = pollable(source);
		this.#tokens.set(added, token);
		added.wakers.add(this.#waker);
		this.#schedule();
	}

	remove(source: Source): void {
		const removed = pollable(source);
		removed.wakers.delete(this.#waker);
		this.#tokens.delete(removed);
	}

	poll(): number {
		let count = 0;
		for (const [source, token] of this.#tokens) {
			if (!source.isOpen) {
				source.wakers.delete(this.#waker);
				this.#tokens.delete(source);
				continue;
			}
			const flags = source.readyFlags();
			if (flags !== 0 && count < READY_CAPACITY) {
				this.readyTokens[count] = token;
				this.readyFlags[count] = flags;
				count += 1;
			}
		}
		return count;
	}

	nap(): void {
		// Memory has no rates: whatever is sent has arrived.
	}

	keepThreadOn(): boolean {
		return false;
	}

	start(onReady: (ready: number) => void): void {
		this.#onReady = onReady;
		this.#schedule();
	}

	stop(): void {
		this.#onReady = null;
		if (this.#scheduled !== null) {
			clearImmediate(this.#scheduled);
			this.#scheduled = null;
		}
	}

	close(): void {
		this.stop();
		for (const source of this.#tokens.keys()) {
			source.wakers.delete(this.#waker);
		}
		this.#tokens.clear();
	}

	#schedule(): void {
		if (this.#onReady === null || this.#scheduled !== null) {
			return;
		}
		this.#scheduled = setImmediate(() => {
			this.#scheduled = null;
			const ready = this.#onReady === null ? 0 : this.poll();
			if (this.#onReady !== null && ready > 0) {
				this.#onReady(ready);
				// Level triggered: what the callback left over wakes it again.
				this.#schedule();
			}
		});
	}
}

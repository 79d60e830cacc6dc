// What a worker notices about its host and its peers, for the main thread: bounded, whatever the kernel reports.

import type { FromWorker } from "./worker-protocol.js";

/** Ticks come every 100 ms. A thousand routes that change together are one piece of news. */
const TICKS_BETWEEN_CHANGES = 2;
const TICKS_BETWEEN_SILENCES = 10;

export class HostNews {
	readonly #post: (message: FromWorker) => void;
	#hasChanged = false;
	#isOverrun = false;
	#ticks = 0;
	#nextChange = 0;
	#nextSilence = 0;

	constructor(post: (message: FromWorker) => void) {
		this.#post = post;
	}

	/** @param isOverrun events were lost: what changed is not known. */
	changed(isOverrun: boolean): void {
		this.#hasChanged = true;
		this.#isOverrun ||= isOverrun;
		this.#tell();
	}

	/** Call it every 100 ms. */
	tick(isPeerSilent: boolean): void {
		this.#ticks++;
		this.#tell();
		if (!isPeerSilent || this.#ticks < this.#nextSilence) return;
		this.#nextSilence = this.#ticks + TICKS_BETWEEN_SILENCES;
		this.#post({ kind: "peer-silent" });
	}

	#tell(): void {
		if (!this.#hasChanged || this.#ticks < this.#nextChange) return;
		this.#nextChange = this.#ticks + TICKS_BETWEEN_CHANGES;
		this.#post({ kind: "host-changed", isOverrun: this.#isOverrun });
		this.#hasChanged = false;
		this.#isOverrun = false;
	}
}

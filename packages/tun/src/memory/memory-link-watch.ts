// A link watch that tests feed.

import type { LinkEvent, LinkWatch, LinkWatchOptions } from "../link-watch.js";
import { READY } from "../packet-io.js";
import { PollSource } from "./memory-poller.js";

/** As the native watch: at most this many events per drain. */
const MAX_EVENTS_PER_DRAIN = 64;

export class MemoryLinkWatch extends PollSource implements LinkWatch {
	readonly #onEvent: (event: LinkEvent) => void;
	readonly #pending: LinkEvent[] = [];
	readonly #onClose: (watch: MemoryLinkWatch) => void;
	isOpen = true;

	constructor(
		options: LinkWatchOptions,
		onClose: (watch: MemoryLinkWatch) => void,
	) {
		super();
		this.#onEvent = options.onEvent;
		this.#onClose = onClose;
	}

	readyFlags(): number {
		return this.#pending.length > 0 ? READY.readable : 0;
	}

	push(event: LinkEvent): void {
		this.#pending.push(event);
		this.wake();
	}

	drain(): void {
		for (const event of this.#pending.splice(0, MAX_EVENTS_PER_DRAIN)) {
			this.#onEvent(event);
		}
	}

	close(): void {
		if (this.isOpen) {
			this.isOpen = false;
			this.#onClose(this);
		}
	}
}

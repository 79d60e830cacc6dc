// Flow openings and closings for the main thread, at a bounded rate: a flood of flows must not become a flood of messages.

import type { Flow, FlowCloseReason } from "@tunscope/fake-tcp";
import { formatSocketAddress } from "./endpoint-text.js";
import type { FromWorker } from "./worker-protocol.js";

const EVENTS_PER_SECOND = 50;

export class FlowEvents {
	readonly #post: (message: FromWorker) => void;
	#sentThisSecond = 0;
	#suppressed = 0;

	constructor(post: (message: FromWorker) => void) {
		this.#post = post;
	}

	opened(flow: Flow): void {
		if (!this.#allows()) return;
		this.#post({
			kind: "flow-opened",
			slot: flow.slot,
			peer: peerText(flow),
			localPort: flow.localPort,
		});
	}

	closed(flow: Flow, reason: FlowCloseReason): void {
		if (!this.#allows()) return;
		this.#post({
			kind: "flow-closed",
			slot: flow.slot,
			peer: peerText(flow),
			localPort: flow.localPort,
			reason,
		});
	}

	/** Call it once a second: says how many events were withheld and opens the next second. */
	turnOfSecond(): void {
		if (this.#suppressed > 0)
			this.#post({ kind: "flow-events-suppressed", count: this.#suppressed });
		this.#sentThisSecond = 0;
		this.#suppressed = 0;
	}

	#allows(): boolean {
		if (this.#sentThisSecond >= EVENTS_PER_SECOND) {
			this.#suppressed++;
			return false;
		}
		this.#sentThisSecond++;
		return true;
	}
}

/** "192.0.2.1:4567" of the fake-TCP peer. */
export function peerText(flow: Flow): string {
	const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = flow.key;
	return formatSocketAddress(
		{ family: flow.family, words: [w0, w1, w2, w3] },
		flow.remotePort,
	);
}

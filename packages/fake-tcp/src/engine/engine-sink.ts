// What the engine asks of its surroundings: the seam between pure protocol and I/O.

import type { FlowCloseReason } from "../flow/close-reason.js";
import type { Flow } from "../flow/flow.js";
import type { DropReason } from "../wire/drop-reason.js";

/**
 * Regions are offsets into the arena and valid only during the call. The engine never keeps a sink's promise of
 * memory: after `flush` returns, every header and payload handed over so far may be overwritten.
 */
export interface EngineSink {
	/** Write all trains of the outgoing table to the TUN and clear that table (not its regions). */
	flush(): void;
	/** Datagrams of `segmentSize` octets (the last possibly shorter) for the application. */
	deliver(
		flow: Flow,
		offset: number,
		length: number,
		segmentSize: number,
	): void;
	/** Something was discarded; already counted. `length` is 0 when there are no bytes to show. */
	drop(reason: DropReason, offset: number, length: number): void;
	/** An ICMP error about one of our segments: the whole packet. */
	evidence(offset: number, length: number): void;
	/** The handshake is complete. */
	flowOpened(flow: Flow): void;
	/** The flow is gone; its slot may be reused as soon as this returns. */
	flowClosed(flow: Flow, reason: FlowCloseReason): void;
}

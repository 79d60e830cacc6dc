// What the engine asks of its surroundings: the seam between pure protocol and I/O.

import type { FlowCloseReason } from "../flow/close-reason.js";
import type { Flow } from "../flow/flow.js";
import type { DropReason } from "../wire/drop-reason.js";
import type { EngineNotice } from "./engine-notice.js";

/** Where a packet lies, and which of its octets are at fault. One object is reused: read it during the call. */
export interface PacketPlace {
	readonly offset: number;
	/** 0 when there are no bytes to show. */
	readonly length: number;
	/** Counted from `offset`. */
	readonly faultStart: number;
	/** 0 where no range can be named. */
	readonly faultLength: number;
}

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
	/** What was delivered before may be overwritten when this returns; within a batch it is not called often. */
	releaseDelivered(): void;
	/** Something was discarded; already counted. */
	drop(reason: DropReason, flow: Flow | null, place: PacketPlace): void;
	/** Something worth telling that was not a discard; see `ENGINE_NOTICES` for both values. */
	notice(
		notice: EngineNotice,
		flow: Flow | null,
		place: PacketPlace,
		value: number,
		other: number,
	): void;
	/** An ICMP error about one of our segments: the whole packet. */
	evidence(offset: number, length: number): void;
	/** The handshake is complete. */
	flowOpened(flow: Flow): void;
	/** Client: what the flow was is over for this reason; it goes on in its slot, and opens from another local port. */
	flowRenewed(flow: Flow, reason: FlowCloseReason): void;
	/** The flow is gone; its slot may be reused as soon as this returns. */
	flowClosed(flow: Flow, reason: FlowCloseReason): void;
}

// The UDP side of a tunnel, as the pump sees it: which flow a datagram belongs to, and which socket a flow delivers to.

import type { Flow, FlowCloseReason } from "@tunscope/fake-tcp";
import type { DatagramBatch } from "@tunscope/tun";
import type { ResolvedAddress } from "./worker-protocol.js";

/** `ownerOf` found no flow and could not begin one; the reason is counted. */
export const REFUSED = -1;

export interface ApplicationSide {
	/** Socket token per flow slot, -1 for none. */
	readonly ownerSocket: Int32Array;
	/** Destination per flow slot for unconnected sockets; null when all are connected. */
	readonly endpoints: Int32Array | null;
	/** @returns the slot of the flow that message `message` of the batch belongs to, or `REFUSED`. */
	ownerOf(batch: DatagramBatch, message: number, nowMs: number): number;
	/** A socket reported an error (ECONNREFUSED and friends). */
	socketFailed(token: number, errno: number): void;
	flowOpened(flow: Flow): void;
	/** The flow ended for this reason and is being opened anew in its slot. */
	flowRenewed(flow: Flow, reason: FlowCloseReason): void;
	flowClosed(flow: Flow, reason: FlowCloseReason): void;
	/** The remote's name leads to these now, in order of preference; at least one. */
	replaceRemotes(remotes: readonly ResolvedAddress[], nowMs: number): void;
	/** Begins the flows to these peers anew (null: all), because the path to them is another one. */
	renewFlows(peers: readonly string[] | null, nowMs: number): void;
	/** Gives every flow a successor on a new port, and leaves it when that is open. */
	reconnect(nowMs: number): void;
	/** Call it a few times a second. @returns whether a remote that should answer does not: its name may lead elsewhere. */
	tend(nowMs: number): boolean;
	/** "address:port" of the application of a flow. */
	describeApplication(slot: number): string;
	isTargetDown(slot: number): boolean;
	/** Datagrams the kernel dropped in front of our sockets. */
	overflowDrops(): number;
	/** Idempotent. */
	close(): void;
}

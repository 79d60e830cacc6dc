// What in-memory sockets and the network between them know of each other.

import type { SocketAddress } from "../udp-socket.js";

/** One message in flight between sockets. */
export interface MemoryMessage {
	readonly from: SocketAddress;
	readonly to: SocketAddress;
	readonly payload: Uint8Array;
	/** Bytes of every datagram but the last; the payload's length for a single datagram. */
	readonly segmentSize: number;
}

/** A socket as the network sees it. */
export interface BoundSocket {
	readonly localAddress: SocketAddress;
	/** True when nobody else may bind to `wanted` while this socket is open. */
	blocks(wanted: SocketAddress): boolean;
	/** How well this socket fits the message; 0 when not at all, more for a narrower binding. */
	score(message: MemoryMessage): number;
	enqueue(message: MemoryMessage): void;
}

/** The network as a socket sees it. */
export interface MessageRouter {
	/**
	 * Gives `socket` the address it asked for, with a port where it asked for 0.
	 * @throws TunError ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE.
	 */
	bind(socket: BoundSocket, wanted: SocketAddress): SocketAddress;
	unbind(socket: BoundSocket): void;
	/** @returns false when the destination refused: it is one of ours, and nobody is bound there. */
	deliver(message: MemoryMessage): boolean;
}

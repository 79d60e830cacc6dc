// How the generator touches sockets: one interface, on node:dgram (one system call each) or on our batch sockets.

import type { SocketAddress } from "@tunscope/tun";

export interface DatagramIoOptions {
	/** One socket for an answerer; one per flow for an opener. */
	readonly sockets: number;
	/** Local address; port 0 lets the kernel choose. */
	readonly bind?: SocketAddress;
	/** Set for an opener: all sockets are connected to it. */
	readonly target?: SocketAddress;
	/**
	 * @param socket index of the socket. @param peer who sent it: the socket's index for an opener, a number given
	 * at first sight for an answerer. @param bytes valid during the call only.
	 */
	readonly onDatagram: (socket: number, peer: number, bytes: Buffer) => void;
}

export interface DatagramIo {
	readonly kind: "node" | "native";
	/**
	 * Sends `bytes` to a peer as datagrams of `segmentBytes` each, the last possibly shorter.
	 * @returns false when the socket took nothing (queue full): try again later.
	 */
	send(peer: number, bytes: Buffer, segmentBytes: number): boolean;
	/** Hands over to the kernel what `send` has collected. */
	flush(): void;
	/** ECONNREFUSED and other errors reported by the sockets so far. */
	errors(): number;
	/** Datagrams that the kernel dropped because our receive queue was full, as far as it says so. */
	overflowDrops(): number;
	/** Port of the first socket. */
	localPort(): number;
	close(): void;
}

/** Asked of the kernel for every socket; it clamps to net.core.rmem_max. */
export const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

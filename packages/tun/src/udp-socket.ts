// UDP sockets in batches: recvmmsg with UDP_GRO in, sendmmsg with UDP_SEGMENT out, addresses as words in typed arrays.

/**
 * An endpoint is 12 32-bit words, so that it can be hashed, compared and copied without an object:
 * word 0: family (4 or 6) in the low 16 bits, port (host order) in the high 16;
 * word 1: IPv6 scope id;
 * words 2–5: remote address, raw network-order bytes (IPv4 uses word 2, the rest are 0);
 * words 6–9: local address the datagram came to (PKTINFO), same form, all 0 when unknown;
 * word 10: interface index (PKTINFO), 0 when unknown; word 11: 0.
 * On a dual-stack socket an IPv4-mapped address is always given, and taken, as family 4.
 */
export const ENDPOINT_WORDS = 12;
export const ENDPOINT_PORT_SHIFT = 16;
export const ENDPOINT_SCOPE_WORD = 1;
export const ENDPOINT_ADDRESS_WORD = 2;
export const ENDPOINT_LOCAL_WORD = 6;
export const ENDPOINT_INTERFACE_WORD = 10;

/** A human-readable address. */
export interface SocketAddress {
	readonly family: 4 | 6;
	/** Literal, without brackets, with `%zone` never included. */
	readonly address: string;
	readonly port: number;
}

export interface UdpOpenOptions {
	/** The worker's arena. */
	readonly arena: Uint8Array;
	/** Address to bind; omitted for an unbound (then connected) socket. "::" with `dualStack` takes both families. */
	readonly bind?: SocketAddress;
	readonly dualStack?: boolean;
	/** Connect to this address: only its datagrams are received, and errors such as ECONNREFUSED are reported. */
	readonly connect?: SocketAddress;
	readonly receiveBufferBytes?: number;
	readonly sendBufferBytes?: number;
	/** "auto" uses UDP_GRO and UDP_SEGMENT where the kernel has them; "none" turns both off. */
	readonly offloads?: "auto" | "none";
}

/** Datagrams read by one `receiveDatagrams` from one or several sockets. */
export interface DatagramBatch {
	/** Messages in this batch; a message is one datagram, or several of `segmentSize` bytes glued by UDP_GRO. */
	count: number;
	readonly capacity: number;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	/** Bytes of every datagram but the last in this message; equals `length` for a single datagram. */
	readonly segmentSize: Int32Array;
	/** Token of the socket that received it. */
	readonly token: Int32Array;
	/** `ENDPOINT_WORDS` words per message. */
	readonly endpoint: Int32Array;
	/** Errors met while reading (ECONNREFUSED and friends are values): entries in the next two arrays. */
	errorCount: number;
	readonly errorToken: Int32Array;
	/** errno as a positive number. */
	readonly errorNumber: Int32Array;
}

/** Totals of one `sendTrains`, in datagrams; reused between calls. */
export interface UdpSendOutcome {
	datagramsSent: number;
	/** EAGAIN, ENOBUFS. */
	datagramsDroppedQueueFull: number;
	/** ECONNREFUSED reported for an earlier datagram (the datagram at hand was then sent again). */
	refusals: number;
	/** Owner (index into `ownerSocket`) of the last refusal, -1 when none. */
	lastRefusedOwner: number;
	/** EMSGSIZE: too big for this path even alone. */
	datagramsDroppedTooBig: number;
	datagramsDroppedOther: number;
	lastErrno: number;
}

export interface UdpSocket {
	/**
	 * Small integer that names this socket in batches and in the poller's ready list. Always the lowest free one,
	 * so it may index an array as long as the number of sockets open at once; a closed socket's token gives
	 * EBADF until another socket gets it, so forget it when you close.
	 */
	readonly token: number;
	readonly localAddress: SocketAddress;
	/**
	 * What the kernel says it gave, after clamping by net.core.rmem_max unless CAP_NET_ADMIN (SO_RCVBUFFORCE).
	 * Linux doubles what was asked for, to pay for its own bookkeeping, and says the double.
	 */
	readonly receiveBufferBytes: number;
	readonly offloads: { readonly gro: boolean; readonly segmentation: boolean };
	/** Datagrams the kernel dropped because the receive queue was full (SO_RXQ_OVFL), as last reported. */
	readonly overflowDrops: number;
	/** Idempotent. */
	close(): void;
}

// The factory that a worker holds: opens devices and sockets, polls them, and moves batches. Native or in memory.

import type { GatherTrains } from "./gather-trains.js";
import type { LinkWatch, LinkWatchOptions } from "./link-watch.js";
import type { PacketBatch, TunDevice, TunOpenOptions } from "./tun-device.js";
import type {
	DatagramBatch,
	UdpOpenOptions,
	UdpSendOutcome,
	UdpSocket,
} from "./udp-socket.js";

/** Bits of `Poller.readyFlags`. */
export const READY = { readable: 1, error: 2, hangup: 4 } as const;

export interface PollerOptions {
	/**
	 * The thread exists for this poller: it waits in the poller's own epoll descriptor, and libuv gets its turn when
	 * it has something to do. A wake-up is then much cheaper. One such poller per thread; others starve beside it
	 * unless libuv watches them, which is the default.
	 */
	readonly ownsThread?: boolean;
}

/**
 * One epoll descriptor per worker, watched by libuv. `onReady` runs when at least one source is ready, with the
 * number of valid entries of the two arrays; it drains them, perhaps asks `poll()` for more, in bounded rounds, then
 * returns to the event loop. Level triggered: what is left over wakes it again at once.
 */
export interface Poller {
	/** `token` comes back in `readyTokens`. Sockets use their own token; give the TUN a negative one. */
	add(source: TunDevice | UdpSocket | LinkWatch, token: number): void;
	/** Idempotent; closing a source removes it too. */
	remove(source: TunDevice | UdpSocket | LinkWatch): void;
	/** epoll_wait without waiting. @returns how many entries of the two arrays are valid. */
	poll(): number;
	/**
	 * Blocks this thread for so long (500 µs at most), so that a stream of small messages comes in batches. Only
	 * for a worker that has nothing else to do; in memory it does nothing.
	 */
	nap(microseconds: number): void;
	/**
	 * Ties the calling thread to one core, or with null lets it run again wherever it was allowed to at the first
	 * call. Only for a worker that has nothing else to do. @returns false when the core is not among the allowed
	 * ones or the kernel refuses (in memory always); nothing has changed then.
	 */
	keepThreadOn(core: number | null): boolean;
	readonly readyTokens: Int32Array;
	readonly readyFlags: Uint8Array;
	start(onReady: (ready: number) => void): void;
	stop(): void;
	/** Idempotent: stops and closes. */
	close(): void;
}

export interface PacketIo {
	readonly kind: "native" | "memory";
	openTun(options: TunOpenOptions): TunDevice;
	openUdp(options: UdpOpenOptions): UdpSocket;
	createPoller(options?: PollerOptions): Poller;
	openLinkWatch(options: LinkWatchOptions): LinkWatch;
	/** @param regionOffset start of the arena region that `readBatch` may fill. */
	createPacketBatch(
		arena: Uint8Array,
		regionOffset: number,
		regionLength: number,
		capacity: number,
	): PacketBatch;
	/**
	 * A batch with `capacity` slots of `DATAGRAM_SLOT_BYTES` each from `regionOffset` on. The slots are virtual
	 * memory until used.
	 */
	createDatagramBatch(
		arena: Uint8Array,
		regionOffset: number,
		capacity: number,
	): DatagramBatch;
	/**
	 * Reads from the sockets named by the first `tokenCount` entries of `tokens`, in that order, until each
	 * is empty or the batch holds `limit` messages. Adaptive use: limit 64 while messages are large, up to
	 * the capacity when they are small and flows are many. It may stop earlier, once it holds 2 MiB (slots
	 * stay resident from their first use on): what is left is reported by the poller again.
	 * @returns the number of messages.
	 */
	receiveDatagrams(
		tokens: Int32Array,
		tokenCount: number,
		batch: DatagramBatch,
		limit: number,
	): number;
	/**
	 * Sends each train through the socket `ownerSocket[owner]`, in order; a train whose socket token is -1 is
	 * counted in `datagramsDroppedOther`. `endpoints` holds `ENDPOINT_WORDS` words per owner and is used for
	 * sockets that are not connected (destination, and source address by PKTINFO); null for connected ones.
	 * Falls back from UDP_SEGMENT to single datagrams on EIO, EINVAL and EMSGSIZE.
	 */
	sendTrains(
		trains: GatherTrains,
		ownerSocket: Int32Array,
		endpoints: Int32Array | null,
	): UdpSendOutcome;
}

/** Distance between datagram slots: 64 KiB for the largest message, plus a stagger so that slots do not share cache sets. */
export const DATAGRAM_SLOT_BYTES = 65_536 + 2_112;

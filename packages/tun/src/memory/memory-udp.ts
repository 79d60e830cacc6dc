// A UDP socket in memory: a bounded queue of messages, glued or cut as the kernel's GRO and segmentation would.

import { constants } from "node:os";
import { endpointWords, writeLocalAddress } from "../endpoint-words.js";
import { checkUdpOptions } from "../open-options.js";
import { READY } from "../packet-io.js";
import {
	ENDPOINT_INTERFACE_WORD,
	ENDPOINT_WORDS,
	type SocketAddress,
	type UdpOpenOptions,
	type UdpSocket,
} from "../udp-socket.js";
import type { MemoryDatagramBatch } from "./memory-batches.js";
import { PollSource } from "./memory-poller.js";
import type {
	BoundSocket,
	MemoryMessage,
	MessageRouter,
} from "./message-router.js";

/** net.core.rmem_default of most kernels. */
const DEFAULT_BUFFER_BYTES = 212_992;
const LOOPBACK_INDEX = 1;

/** What the factory decides about a socket. */
export interface MemoryUdpParts {
	readonly network: MessageRouter;
	readonly token: number;
	readonly onClose: (socket: MemoryUdp) => void;
}

function isSame(left: SocketAddress, right: SocketAddress): boolean {
	return left.address === right.address && left.port === right.port;
}

export class MemoryUdp extends PollSource implements UdpSocket, BoundSocket {
	readonly token: number;
	readonly localAddress: SocketAddress;
	readonly remoteAddress: SocketAddress | null;
	readonly receiveBufferBytes: number;
	readonly offloads: { readonly gro: boolean; readonly segmentation: boolean };
	readonly arena: Uint8Array;
	overflowDrops = 0;
	isOpen = true;
	/** errno of a refusal that nobody has been told about; 0 when none. */
	pendingError = 0;
	readonly #network: MessageRouter;
	readonly #onClose: (socket: MemoryUdp) => void;
	readonly #isDualStack: boolean;
	readonly #queue: MemoryMessage[] = [];
	#queuedBytes = 0;

	constructor(parts: MemoryUdpParts, options: UdpOpenOptions) {
		super();
		checkUdpOptions(options);
		const hasOffloads = options.offloads !== "none";
		this.token = parts.token;
		this.arena = options.arena;
		this.offloads = { gro: hasOffloads, segmentation: hasOffloads };
		// Linux doubles what is asked for, and says so when asked back.
		this.receiveBufferBytes = options.receiveBufferBytes
			? options.receiveBufferBytes * 2
			: DEFAULT_BUFFER_BYTES;
		this.remoteAddress = options.connect ?? null;
		this.#isDualStack = options.dualStack === true;
		this.#network = parts.network;
		this.#onClose = parts.onClose;
		this.localAddress = this.#bind(options);
	}

	get isConnected(): boolean {
		return this.remoteAddress !== null;
	}

	readyFlags(): number {
		const readable = this.#queue.length > 0 ? READY.readable : 0;
		return readable | (this.pendingError === 0 ? 0 : READY.error);
	}

	blocks(wanted: SocketAddress): boolean {
		const own = this.localAddress;
		const overlaps =
			own.address === wanted.address ||
			own.address === "::" ||
			own.address === "0.0.0.0" ||
			wanted.address === "::" ||
			wanted.address === "0.0.0.0";
		return own.port === wanted.port && own.family === wanted.family && overlaps;
	}

	score({ from, to }: MemoryMessage): number {
		const own = this.localAddress;
		const isFamilyTaken =
			own.family === to.family || (this.#isDualStack && to.family === 4);
		if (!isFamilyTaken || own.port !== to.port) {
			return 0;
		}
		if (this.remoteAddress !== null && !isSame(this.remoteAddress, from)) {
			return 0;
		}
		const isExact = own.address === to.address;
		if (!isExact && own.address !== "0.0.0.0" && own.address !== "::") {
			return 0;
		}
		return 1 + (isExact ? 1 : 0) + (this.remoteAddress === null ? 0 : 2);
	}

	/** The source of a datagram from here to `to`, when the sender names none. */
	sourceFor(to: SocketAddress): SocketAddress {
		const { family, address, port } = this.localAddress;
		const isWildcard = address === "::" || address === "0.0.0.0";
		return isWildcard
			? { family: to.family, address: to.address, port }
			: { family, address, port };
	}

	/** Queues a message, or its datagrams one by one without GRO; counts what does not fit. */
	enqueue(message: MemoryMessage): void {
		const { payload, segmentSize } = message;
		if (this.offloads.gro || payload.length <= segmentSize) {
			this.#enqueueOne(message);
			return;
		}
		for (let at = 0; at < payload.length; at += segmentSize) {
			const piece = payload.subarray(at, at + segmentSize);
			this.#enqueueOne({
				...message,
				payload: piece,
				segmentSize: piece.length,
			});
		}
	}

	/** Moves errors and messages into the batch, until empty or `limit` messages are there. */
	receiveInto(batch: MemoryDatagramBatch, limit: number): void {
		if (
			this.pendingError !== 0 &&
			batch.noteError(this.token, this.pendingError)
		) {
			this.pendingError = 0;
		}
		while (batch.count < limit) {
			const message = this.#queue.shift();
			if (message === undefined) {
				return;
			}
			this.#queuedBytes -= message.payload.length;
			this.#describe(message, batch);
		}
	}

	/** Sends one message; a refusal shows at the next call, as the kernel's does. */
	send(message: MemoryMessage): void {
		if (!this.#network.deliver(message) && this.isConnected) {
			this.pendingError = constants.errno.ECONNREFUSED;
			this.wake();
		}
	}

	close(): void {
		if (this.isOpen) {
			this.isOpen = false;
			this.#network.unbind(this);
			this.#onClose(this);
		}
	}

	#bind({ bind, connect }: UdpOpenOptions): SocketAddress {
		const wildcard = { family: 4, address: "0.0.0.0", port: 0 } as const;
		const own = connect ? { ...connect, port: 0 } : wildcard;
		const wanted = bind ?? own;
		const bound = this.#network.bind(this, wanted);
		const isWildcard = bound.address === "0.0.0.0" || bound.address === "::";
		// Connecting fixes the source: here, the destination's own address, as on a loopback interface.
		return connect && isWildcard
			? { ...bound, family: connect.family, address: connect.address }
			: bound;
	}

	#enqueueOne(message: MemoryMessage): void {
		const bytes = this.#queuedBytes + message.payload.length;
		if (bytes > this.receiveBufferBytes) {
			this.overflowDrops += 1;
			return;
		}
		this.#queuedBytes = bytes;
		this.#queue.push(message);
		this.wake();
	}

	#describe(message: MemoryMessage, batch: MemoryDatagramBatch): void {
		const index = batch.count;
		const offset = batch.offset[index] ?? 0;
		batch.region.arena.set(message.payload, offset);
		batch.length[index] = message.payload.length;
		batch.segmentSize[index] = Math.min(
			message.segmentSize,
			message.payload.length,
		);
		batch.token[index] = this.token;
		const words = endpointWords(message.from);
		writeLocalAddress(words, 0, message.to.address);
		words[ENDPOINT_INTERFACE_WORD] = LOOPBACK_INDEX;
		batch.endpoint.set(words, index * ENDPOINT_WORDS);
		batch.count += 1;
	}
}

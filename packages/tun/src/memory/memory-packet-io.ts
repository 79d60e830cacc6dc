// The PacketIo interface in memory: no kernel, no privileges, nothing that can be lost unless a test says so.

import { constants } from "node:os";
import { checkPacketRegion, datagramRegion } from "../arena-regions.js";
import { invariant } from "../invariant.js";
import { checkTunOptions } from "../open-options.js";
import { DATAGRAM_SLOT_BYTES, type PacketIo } from "../packet-io.js";
import type { DatagramBatch } from "../udp-socket.js";
import { elementAt } from "./gathered-train.js";
import { MemoryDatagramBatch, MemoryPacketBatch } from "./memory-batches.js";
import { MemoryLinkWatch } from "./memory-link-watch.js";
import { MemoryNetwork } from "./memory-network.js";
import { MemoryPoller } from "./memory-poller.js";
import { MemoryTun } from "./memory-tun.js";
import { MemoryUdp } from "./memory-udp.js";
import { MemoryUdpSender } from "./memory-udp-sender.js";

export interface MemoryPacketIoOptions {
	/** Shared by factories that shall reach each other; a network of its own when omitted. */
	readonly network?: MemoryNetwork;
}

/** The sockets of one factory by token: the lowest free number, as the native table gives. */
class MemoryUdpSockets {
	readonly #sockets: (MemoryUdp | undefined)[] = [];

	freeToken(): number {
		const free = this.#sockets.indexOf(undefined);
		return free === -1 ? this.#sockets.length : free;
	}

	find(token: number): MemoryUdp | undefined {
		return this.#sockets[token];
	}

	add(socket: MemoryUdp): void {
		this.#sockets[socket.token] = socket;
	}

	remove(socket: MemoryUdp): void {
		this.#sockets[socket.token] = undefined;
	}

	receive(
		tokens: Int32Array,
		tokenCount: number,
		batch: DatagramBatch,
		limit: number,
	): number {
		invariant(
			batch instanceof MemoryDatagramBatch,
			"The batch was not made by this factory.",
		);
		batch.count = 0;
		batch.errorCount = 0;
		const bound = Math.min(limit, batch.capacity);
		const count = Math.min(tokenCount, tokens.length);
		for (let index = 0; index < count && batch.count < bound; index += 1) {
			const token = elementAt(tokens, index);
			const socket = this.find(token);
			if (socket === undefined) {
				batch.noteError(token, constants.errno.EBADF);
			} else {
				socket.receiveInto(batch, bound);
			}
		}
		return batch.count;
	}
}

function createDatagramBatch(
	arena: Uint8Array,
	offset: number,
	capacity: number,
): MemoryDatagramBatch {
	const region = datagramRegion(arena, offset, capacity);
	const batch = new MemoryDatagramBatch(region, capacity);
	for (let index = 0; index < capacity; index += 1) {
		batch.offset[index] = offset + index * DATAGRAM_SLOT_BYTES;
	}
	return batch;
}

/** A PacketIo whose devices and sockets live on a `MemoryNetwork`. */
export function createMemoryPacketIo({
	network = new MemoryNetwork(),
}: MemoryPacketIoOptions = {}): PacketIo & { readonly network: MemoryNetwork } {
	const sockets = new MemoryUdpSockets();
	const sender = new MemoryUdpSender();
	return {
		kind: "memory",
		network,
		openTun: (options) => {
			const has = options.offloads !== "none";
			const tun = new MemoryTun({
				...network.nameTun(checkTunOptions(options)),
				arena: options.arena,
				offloads: { checksum: has, tso4: has, tso6: has },
				onClose: (closed) => network.removeTun(closed),
			});
			network.addTun(tun);
			return tun;
		},
		openUdp: (options) => {
			const token = sockets.freeToken();
			const onClose = (closed: MemoryUdp) => sockets.remove(closed);
			const socket = new MemoryUdp({ network, token, onClose }, options);
			sockets.add(socket);
			return socket;
		},
		createPoller: () => new MemoryPoller(),
		openLinkWatch: (options) => {
			const onClose = (closed: MemoryLinkWatch) => network.removeWatch(closed);
			const watch = new MemoryLinkWatch(options, onClose);
			network.addWatch(watch);
			return watch;
		},
		createPacketBatch: (arena, offset, length, capacity) => {
			const region = { arena, offset, length };
			checkPacketRegion(region, capacity);
			return new MemoryPacketBatch(region, capacity);
		},
		createDatagramBatch,
		receiveDatagrams: (tokens, tokenCount, batch, limit) =>
			sockets.receive(tokens, tokenCount, batch, limit),
		sendTrains: (trains, ownerSocket, endpoints) =>
			sender.send(trains, {
				find: (token) => sockets.find(token),
				ownerSocket,
				endpoints,
			}),
	};
}

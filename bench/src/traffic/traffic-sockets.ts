// Sockets of one traffic process on the product's own batch sockets, with the arena they all share.

import {
	createNativePacketIo,
	DATAGRAM_SLOT_BYTES,
	type DatagramBatch,
	type PacketIo,
	type Poller,
	type UdpSocket,
} from "@tunscope/tun";
import type { Place } from "./traffic-settings.js";

/** Messages per read. */
const MESSAGES_PER_READ = 64;
/** Room for what is sent: one call of 64 datagrams of 1,472 bytes. */
const SEND_REGION_BYTES = 96 * 1024;
/** Asked of the kernel for the receive queue, so that the sink's turn on a shared core may come a little late. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Reads before the event loop gets a turn. */
const READS_PER_TURN = 16;

export interface TrafficSocketsOptions {
	readonly bind?: Place;
	readonly connect?: Place;
	readonly count: number;
	/** UDP_GRO on the way in, UDP_SEGMENT on the way out. */
	readonly usesOffloads: boolean;
}

export class TrafficSockets {
	readonly io: PacketIo = createNativePacketIo();
	readonly arena: Uint8Array;
	/** Where `SEND_REGION_BYTES` are free for outgoing datagrams. */
	readonly sendOffset = MESSAGES_PER_READ * DATAGRAM_SLOT_BYTES;
	readonly batch: DatagramBatch;
	readonly sockets: readonly UdpSocket[];
	/** Token of each socket: `ownerSocket` of `sendTrains`, where the owner is the flow. */
	readonly tokens: Int32Array;
	readonly #poller: Poller;

	constructor(options: TrafficSocketsOptions) {
		this.arena = new Uint8Array(this.sendOffset + SEND_REGION_BYTES);
		this.batch = this.io.createDatagramBatch(this.arena, 0, MESSAGES_PER_READ);
		const { bind, connect } = options;
		this.sockets = Array.from({ length: options.count }, () =>
			this.io.openUdp({
				arena: this.arena,
				...(bind === undefined ? {} : { bind }),
				...(connect === undefined ? {} : { connect }),
				receiveBufferBytes: RECEIVE_BUFFER_BYTES,
				sendBufferBytes: RECEIVE_BUFFER_BYTES,
				offloads: options.usesOffloads ? "auto" : "none",
			}),
		);
		this.tokens = Int32Array.from(this.sockets, ({ token }) => token);
		this.#poller = this.io.createPoller();
		for (const socket of this.sockets) this.#poller.add(socket, socket.token);
	}

	/** Calls `onBatch` for every batch that arrives; a batch's bytes are valid during the call. */
	listen(onBatch: (count: number) => void): void {
		const { readyTokens } = this.#poller;
		this.#poller.start(() => {
			const ready = this.#poller.poll();
			for (let read = 0; read < READS_PER_TURN; read += 1) {
				const count = this.io.receiveDatagrams(
					readyTokens,
					ready,
					this.batch,
					MESSAGES_PER_READ,
				);
				if (count > 0) onBatch(count);
				if (count < MESSAGES_PER_READ) return;
			}
		});
	}

	/** Idempotent. */
	close(): void {
		this.#poller.close();
		for (const socket of this.sockets) socket.close();
	}
}

// The generator's sockets on our batch sockets: trains by UDP_SEGMENT, receiving by recvmmsg with UDP_GRO.

import {
	createNativePacketIo,
	DATAGRAM_SLOT_BYTES,
	ENDPOINT_WORDS,
	type PacketIo,
	type UdpSocket,
} from "@tunscope/tun";
import {
	type DatagramIo,
	type DatagramIoOptions,
	SOCKET_BUFFER_BYTES,
} from "./datagram-io.js";
import { OutgoingTrains, TRAIN_ARENA_BYTES } from "./outgoing-trains.js";
import { PeerEndpoints } from "./peer-endpoints.js";

/** Messages per read; each slot is 64 KiB of virtual memory. */
const RECEIVE_CAPACITY = 64;
/** Reads before other events get a turn. */
const ROUNDS_PER_TURN = 8;

export async function openNativeDatagramIo(
	options: DatagramIoOptions,
): Promise<DatagramIo> {
	return new NativeDatagramIo(options);
}

class NativeDatagramIo implements DatagramIo {
	readonly kind = "native";
	readonly #options: DatagramIoOptions;
	readonly #io: PacketIo;
	readonly #arena: Uint8Array;
	readonly #bytes: Buffer;
	readonly #sockets: UdpSocket[];
	readonly #trains: OutgoingTrains;
	readonly #peers = new PeerEndpoints();
	readonly #poller;
	readonly #batch;
	/** Socket index by token. */
	readonly #indexOfToken = new Map<number, number>();
	/** Token by train owner: a socket index for an opener, a peer for an answerer. */
	#ownerSocket: Int32Array;
	#errors = 0;

	constructor(options: DatagramIoOptions) {
		this.#options = options;
		this.#io = createNativePacketIo();
		const receiveBytes = RECEIVE_CAPACITY * DATAGRAM_SLOT_BYTES;
		this.#arena = new Uint8Array(receiveBytes + TRAIN_ARENA_BYTES);
		this.#bytes = Buffer.from(this.#arena.buffer);
		this.#trains = new OutgoingTrains(this.#bytes, receiveBytes);
		this.#batch = this.#io.createDatagramBatch(
			this.#arena,
			0,
			RECEIVE_CAPACITY,
		);
		this.#poller = this.#io.createPoller();
		this.#sockets = Array.from({ length: options.sockets }, () =>
			this.#openSocket(),
		);
		this.#ownerSocket = Int32Array.from(this.#sockets, (one) => one.token);
		for (const [index, socket] of this.#sockets.entries()) {
			this.#indexOfToken.set(socket.token, index);
			this.#poller.add(socket, socket.token);
		}
		this.#poller.start(() => this.#drain());
	}

	send(peer: number, bytes: Buffer, segmentBytes: number): boolean {
		if (!this.#trains.hasRoom(bytes.length)) this.flush();
		this.#trains.add(peer, bytes, segmentBytes);
		return true;
	}

	flush(): void {
		const trains = this.#trains.batch;
		if (trains.count === 0) return;
		const isAnswerer = this.#options.target === undefined;
		const outcome = this.#io.sendTrains(
			trains,
			this.#ownerSocket,
			isAnswerer ? this.#peers.words : null,
		);
		this.#errors +=
			outcome.refusals +
			outcome.datagramsDroppedQueueFull +
			outcome.datagramsDroppedTooBig +
			outcome.datagramsDroppedOther;
		this.#trains.clear();
	}

	errors(): number {
		return this.#errors;
	}

	overflowDrops(): number {
		return this.#sockets.reduce((sum, one) => sum + one.overflowDrops, 0);
	}

	localPort(): number {
		return this.#sockets[0]?.localAddress.port ?? 0;
	}

	close(): void {
		this.#poller.close();
		for (const socket of this.#sockets) socket.close();
	}

	#openSocket(): UdpSocket {
		const { bind, target } = this.#options;
		return this.#io.openUdp({
			arena: this.#arena,
			...(bind === undefined ? {} : { bind }),
			...(target === undefined ? {} : { connect: target }),
			receiveBufferBytes: SOCKET_BUFFER_BYTES,
			sendBufferBytes: SOCKET_BUFFER_BYTES,
		});
	}

	#drain(): void {
		const ready = this.#poller.poll();
		for (let round = 0; round < ROUNDS_PER_TURN; round += 1) {
			const count = this.#io.receiveDatagrams(
				this.#poller.readyTokens,
				ready,
				this.#batch,
				RECEIVE_CAPACITY,
			);
			this.#errors += this.#batch.errorCount;
			for (let message = 0; message < count; message += 1)
				this.#readMessage(message);
			this.flush();
			if (count < RECEIVE_CAPACITY) return;
		}
	}

	#readMessage(message: number): void {
		const { offset, length, segmentSize, token, endpoint } = this.#batch;
		const socket = this.#indexOfToken.get(token[message] ?? -1) ?? 0;
		const peer =
			this.#options.target === undefined
				? this.#peerOf(endpoint, message * ENDPOINT_WORDS)
				: socket;
		const start = offset[message] ?? 0;
		const end = start + (length[message] ?? 0);
		const step = segmentSize[message] || end - start;
		for (let at = start; at < end; at += step)
			this.#options.onDatagram(
				socket,
				peer,
				this.#bytes.subarray(at, Math.min(at + step, end)),
			);
	}

	#peerOf(words: Int32Array, at: number): number {
		const peer = this.#peers.numberOf(words, at);
		if (peer < this.#ownerSocket.length) return peer;
		const grown = new Int32Array(2 * peer + 2).fill(
			this.#sockets[0]?.token ?? -1,
		);
		this.#ownerSocket = grown;
		return peer;
	}
}

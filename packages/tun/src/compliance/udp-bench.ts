// Sockets, a batch and a train builder over one arena: where the UDP part of the suite works.

import { afterEach, beforeEach } from "vitest";
import { DATAGRAM_SLOT_BYTES } from "../packet-io.js";
import {
	type DatagramBatch,
	ENDPOINT_WORDS,
	type UdpOpenOptions,
	type UdpSendOutcome,
	type UdpSocket,
} from "../udp-socket.js";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { TrainBuilder } from "./train-builder.js";

const SLOTS = 16;
const TRAIN_SPACE = 1_048_576;

export const LOOPBACK = {
	4: { family: 4, address: "127.0.0.1", port: 0 },
	6: { family: 6, address: "::1", port: 0 },
} as const;

/** One received message, copied out of the arena. */
export interface Message {
	readonly payload: Uint8Array;
	readonly segmentSize: number;
	readonly token: number;
	readonly endpoint: Int32Array;
}

export class UdpBench {
	readonly lab: ComplianceLab;
	readonly batch: DatagramBatch;
	readonly builder: TrainBuilder;
	readonly #arena = new Uint8Array(TRAIN_SPACE + SLOTS * DATAGRAM_SLOT_BYTES);
	readonly #sockets: UdpSocket[] = [];

	constructor(lab: ComplianceLab) {
		this.lab = lab;
		this.batch = lab.io.createDatagramBatch(this.#arena, TRAIN_SPACE, SLOTS);
		this.builder = new TrainBuilder(this.#arena);
	}

	open(options: Omit<UdpOpenOptions, "arena">): UdpSocket {
		const socket = this.lab.io.openUdp({ arena: this.#arena, ...options });
		this.#sockets.push(socket);
		return socket;
	}

	/** A receiver on the loopback address, and a sender connected to it. */
	openPair(
		family: 4 | 6,
		options: Partial<UdpOpenOptions> = {},
	): { receiver: UdpSocket; sender: UdpSocket } {
		const receiver = this.open({ bind: LOOPBACK[family], ...options });
		const sender = this.open({ connect: receiver.localAddress });
		return { receiver, sender };
	}

	/** Sends one train of one region. */
	send(
		socket: UdpSocket,
		payload: Uint8Array,
		segmentSize = payload.length,
		endpoints: Int32Array | null = null,
	): UdpSendOutcome {
		const pieces = payload.length > 0 ? [payload] : [];
		this.builder.clear().add({ segmentSize, pieces });
		return this.sendBuilt(Int32Array.of(socket.token), endpoints);
	}

	/** Sends what is in the builder. */
	sendBuilt(
		ownerSocket: Int32Array,
		endpoints: Int32Array | null = null,
	): UdpSendOutcome {
		return this.lab.io.sendTrains(this.builder.trains, ownerSocket, endpoints);
	}

	receiveNow(socket: UdpSocket, limit = SLOTS): Message[] {
		const tokens = Int32Array.of(socket.token);
		this.lab.io.receiveDatagrams(tokens, 1, this.batch, limit);
		return Array.from({ length: this.batch.count }, (_, index) =>
			this.#copyMessage(index),
		);
	}

	/** Receives until this many messages have come. */
	async receive(socket: UdpSocket, messages: number): Promise<Message[]> {
		const received: Message[] = [];
		await waitFor(`${messages} messages`, () => {
			received.push(...this.receiveNow(socket));
			return received.length >= messages;
		});
		return received;
	}

	close(): void {
		for (const socket of this.#sockets.splice(0)) {
			socket.close();
		}
	}

	#copyMessage(index: number): Message {
		const { batch } = this;
		const offset = batch.offset[index] ?? 0;
		const length = batch.length[index] ?? 0;
		const start = index * ENDPOINT_WORDS;
		return {
			payload: this.#arena.slice(offset, offset + length),
			segmentSize: batch.segmentSize[index] ?? -1,
			token: batch.token[index] ?? -1,
			endpoint: batch.endpoint.slice(start, start + ENDPOINT_WORDS),
		};
	}
}

/** @returns the bench of the running test, in a fresh world. */
export function useUdpBench(openLab: () => ComplianceLab): () => UdpBench {
	let bench: UdpBench;
	beforeEach(() => {
		bench = new UdpBench(openLab());
	});
	afterEach(() => bench.close());
	return () => bench;
}

// Client role: one listening UDP socket; every application address that writes to it gets a flow of its own.

import {
	DROP,
	type Engine,
	type Flow,
	type FlowCloseReason,
	type HashKey,
	type IpAddress,
	invariant,
	NOT_FOUND,
	segmentsIn,
	WordKeyTable,
} from "@tunscope/fake-tcp";
import {
	type DatagramBatch,
	ENDPOINT_WORDS,
	type UdpSocket,
} from "@tunscope/tun";
import { type ApplicationSide, REFUSED } from "./application-side.js";
import { endpointText } from "./endpoint-text.js";
import type { TunnelCounters } from "./tunnel-counters.js";

/** Family, port, scope, remote and local address: an application that writes to two of our addresses has two flows. */
const KEY_WORDS = 10;

export interface ClientApplicationsOptions {
	readonly engine: Engine;
	readonly socket: UdpSocket;
	/** The servers to try, in order; a failed handshake moves on to the next. */
	readonly servers: readonly {
		readonly address: IpAddress;
		readonly port: number;
	}[];
	readonly maxFlows: number;
	readonly hashKey: HashKey;
	readonly counters: TunnelCounters;
}

export class ClientApplications implements ApplicationSide {
	readonly ownerSocket: Int32Array;
	readonly endpoints: Int32Array;
	readonly #options: ClientApplicationsOptions;
	readonly #slots: WordKeyTable;
	#server = 0;

	constructor(options: ClientApplicationsOptions) {
		this.#options = options;
		this.ownerSocket = new Int32Array(options.maxFlows).fill(
			options.socket.token,
		);
		this.endpoints = new Int32Array(options.maxFlows * ENDPOINT_WORDS);
		this.#slots = new WordKeyTable({
			keyWords: KEY_WORDS,
			capacity: options.maxFlows,
			hashKey: options.hashKey,
		});
	}

	ownerOf(batch: DatagramBatch, message: number, nowMs: number): number {
		const start = message * ENDPOINT_WORDS;
		const slot = this.#slots.find(batch.endpoint, start);
		if (slot === NOT_FOUND) return this.#open(batch, message, nowMs);
		this.#options.engine.noteWanted(slot, nowMs);
		return slot;
	}

	#open(batch: DatagramBatch, message: number, nowMs: number): number {
		const { engine, servers, counters } = this.#options;
		const start = message * ENDPOINT_WORDS;
		const server = servers[this.#server % servers.length];
		invariant(server !== undefined, "a client has a server");
		const flow = engine.open(server.address, server.port, nowMs);
		if (typeof flow === "string") {
			counters.drop(
				DROP[flow],
				segmentsIn(batch.length[message] ?? 0, batch.segmentSize[message] ?? 0),
			);
			return REFUSED;
		}
		this.endpoints.set(
			batch.endpoint.subarray(start, start + ENDPOINT_WORDS),
			flow.slot * ENDPOINT_WORDS,
		);
		this.#slots.set(batch.endpoint, start, flow.slot);
		return flow.slot;
	}

	/** The listening socket is not connected: errors it reports concern single applications and cost nothing. */
	socketFailed(): void {}

	flowOpened(): void {}

	flowClosed(flow: Flow, reason: FlowCloseReason): void {
		if (reason === "handshake-timeout" || reason === "refused-by-peer")
			this.#server++;
		this.#slots.delete(this.endpoints, flow.slot * ENDPOINT_WORDS);
	}

	describeApplication(slot: number): string {
		return endpointText(this.endpoints, slot * ENDPOINT_WORDS);
	}

	isTargetDown(): boolean {
		return false;
	}

	overflowDrops(): number {
		return this.#options.socket.overflowDrops;
	}

	close(): void {
		this.#options.socket.close();
	}
}

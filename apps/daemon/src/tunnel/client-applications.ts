// Client role: one listening UDP socket; every application address that writes to it gets a flow of its own.

import {
	DROP,
	type Engine,
	type Flow,
	type FlowCloseReason,
	type HashKey,
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
import { FlowRotation } from "./flow-rotation.js";
import type { Server, ServerChoice } from "./server-choice.js";
import type { TunnelCounters } from "./tunnel-counters.js";
import type { ResolvedAddress } from "./worker-protocol.js";

/** Family, port, scope, remote and local address: an application that writes to two of our addresses has two flows. */
const KEY_WORDS = 10;
/** The time of a SYN's first repetition: less would leave behind a server whose first SYN+ACK was lost or far away. */
const ATTEMPT_MS = 1_000;
/** Nothing heard for so long, though datagrams go out: the server may be gone, and its name may lead elsewhere. */
const SILENT_MS = 5_000;
/** A flow without traffic for this long is not opened anew before its application wants it. */
const ABANDONED_MS = 60_000;

export interface ClientApplicationsOptions {
	readonly engine: Engine;
	readonly socket: UdpSocket;
	readonly servers: ServerChoice;
	readonly maxFlows: number;
	/** Every flow is followed by a new one at this age; 0 for never. */
	readonly rotateEveryMs: number;
	readonly hashKey: HashKey;
	readonly counters: TunnelCounters;
}

export class ClientApplications implements ApplicationSide {
	readonly ownerSocket: Int32Array;
	readonly endpoints: Int32Array;
	readonly #options: ClientApplicationsOptions;
	readonly #slots: WordKeyTable;
	/** Per slot: how many servers the flow's handshake has left behind. */
	readonly #serversTried: Uint8Array;
	readonly #rotation: FlowRotation;

	constructor(options: ClientApplicationsOptions) {
		this.#options = options;
		this.ownerSocket = new Int32Array(options.maxFlows).fill(
			options.socket.token,
		);
		this.endpoints = new Int32Array(options.maxFlows * ENDPOINT_WORDS);
		this.#serversTried = new Uint8Array(options.maxFlows);
		this.#slots = new WordKeyTable({
			keyWords: KEY_WORDS,
			capacity: options.maxFlows,
			hashKey: options.hashKey,
		});
		this.#rotation = new FlowRotation({
			engine: options.engine,
			maxFlows: options.maxFlows,
			rotateEveryMs: options.rotateEveryMs,
			openSuccessor: (flow, nowMs) => this.#openSuccessor(flow, nowMs),
			handOver: (_fromSlot, toSlot) =>
				this.#slots.set(this.endpoints, toSlot * ENDPOINT_WORDS, toSlot),
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
		const { address, port } = servers.current;
		const flow = engine.open(address, port, nowMs);
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
		this.#serversTried[flow.slot] = 0;
		return flow.slot;
	}

	replaceRemotes(remotes: readonly ResolvedAddress[], nowMs: number): void {
		this.#options.servers.replace(remotes);
		this.tend(nowMs);
	}

	renewFlows(peers: readonly string[] | null, nowMs: number): void {
		const { engine, servers } = this.#options;
		for (const flow of [...engine.flows]) {
			const server = servers.ofFlow(flow) ?? servers.current;
			if (peers !== null && !peers.includes(server.text)) continue;
			const quietSinceMs = Math.max(flow.lastInboundMs, flow.lastDataMs);
			// The application comes back by itself, should it still be there.
			if (nowMs - quietSinceMs > ABANDONED_MS)
				engine.close(flow, "moved", nowMs);
			else this.#move(flow, server, nowMs);
		}
	}

	reconnect(nowMs: number): void {
		const { engine, servers } = this.#options;
		for (const flow of [...engine.flows]) {
			if (this.#rotation.isInTransition(flow.slot)) continue;
			const quietSinceMs = Math.max(flow.lastInboundMs, flow.lastDataMs);
			const isOpen = flow.state === "ESTABLISHED";
			if (isOpen && nowMs - quietSinceMs > ABANDONED_MS)
				engine.close(flow, "moved", nowMs);
			else if (!isOpen || !this.#rotation.begin(flow, nowMs))
				this.#move(flow, servers.ofFlow(flow) ?? servers.current, nowMs);
		}
	}

	#openSuccessor(flow: Flow, nowMs: number): number {
		const { engine, servers } = this.#options;
		const { address, port } = servers.ofFlow(flow) ?? servers.current;
		const next = engine.open(address, port, nowMs);
		if (typeof next === "string") return REFUSED;
		const start = flow.slot * ENDPOINT_WORDS;
		this.endpoints.copyWithin(
			next.slot * ENDPOINT_WORDS,
			start,
			start + ENDPOINT_WORDS,
		);
		this.#serversTried[next.slot] = 0;
		return next.slot;
	}

	/**
	 * Moves handshakes that nobody answers to the next server, and flows that hear nothing from a server which is no
	 * longer one to one that is. @returns whether a server that should answer is silent.
	 */
	tend(nowMs: number): boolean {
		const { engine, servers } = this.#options;
		let isSilent = false;
		this.#rotation.tickBegins();
		const { flows } = engine;
		// Backwards, because a flow that moves makes room for one that was looked at already.
		for (let index = flows.length - 1; index >= 0; index--) {
			const flow = flows[index];
			if (flow === undefined || !this.#rotation.tend(flow, nowMs)) continue;
			if (this.#rotation.isInTransition(flow.slot)) continue;
			const isOpening = flow.state !== "ESTABLISHED";
			const heardMs = nowMs - (isOpening ? flow.attemptMs : flow.lastAnswerMs);
			const isLate = heardMs >= (isOpening ? ATTEMPT_MS : SILENT_MS);
			// A flow that is being opened anew has waited for its server before.
			if (!isLate && !(isOpening && flow.failingSinceMs > 0)) continue;
			const isAsked = isOpening || flow.lastDataMs > flow.lastAnswerMs;
			isSilent ||= isAsked && nowMs - flow.lastDataMs < SILENT_MS;
			if (servers.ofFlow(flow) === undefined)
				this.#move(flow, servers.current, nowMs);
			else if (isOpening && isLate) this.#tryNext(flow, nowMs);
		}
		return isSilent;
	}

	/** Every server gets one try of a second, the last one the whole handshake's time. */
	#tryNext(flow: Flow, nowMs: number): void {
		const { servers } = this.#options;
		const tried = this.#serversTried[flow.slot] ?? 0;
		if (tried + 1 >= servers.count) return;
		const next = servers.after(flow);
		servers.failed(flow);
		const slot = this.#move(flow, next, nowMs);
		if (slot !== REFUSED) this.#serversTried[slot] = tried + 1;
	}

	#move(flow: Flow, server: Server, nowMs: number): number {
		const start = flow.slot * ENDPOINT_WORDS;
		const endpoint = this.endpoints.slice(start, start + ENDPOINT_WORDS);
		const { engine } = this.#options;
		const next = engine.move(flow, server.address, server.port, nowMs);
		if (typeof next === "string") return REFUSED;
		this.endpoints.set(endpoint, next.slot * ENDPOINT_WORDS);
		this.#slots.set(endpoint, 0, next.slot);
		this.#serversTried[next.slot] = 0;
		return next.slot;
	}

	/** The listening socket is not connected: errors it reports concern single applications and cost nothing. */
	socketFailed(): void {}

	flowOpened(flow: Flow): void {
		this.#options.servers.answered(flow);
		this.#rotation.opened(flow);
	}

	/** Every server is tried again, from the one that failed on. */
	flowRenewed(flow: Flow, reason: FlowCloseReason): void {
		if (reason === "handshake-timeout" || reason === "refused-by-peer")
			this.#options.servers.failed(flow);
		this.#serversTried[flow.slot] = 0;
	}

	flowClosed(flow: Flow, reason: FlowCloseReason): void {
		if (reason === "handshake-timeout" || reason === "refused-by-peer")
			this.#options.servers.failed(flow);
		const start = flow.slot * ENDPOINT_WORDS;
		// A flow that was followed, or did not get to follow, is not where its application's datagrams go.
		if (this.#slots.find(this.endpoints, start) === flow.slot)
			this.#slots.delete(this.endpoints, start);
		this.#rotation.closed(flow.slot);
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

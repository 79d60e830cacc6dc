// A client and a server engine with their applications on a simulated link: virtual time, restarts, a message that wants an echo.

import type { Flow } from "../flow/flow.js";
import type { WireProfileName } from "../flow/wire-profile.js";
import { EngineHost } from "./engine-host.js";
import { EngineInvariants } from "./engine-invariants.js";
import { SeededRandom } from "./seeded-random.js";
import { SimulatedLink } from "./simulated-link.js";

/** As often as the worker's timer. */
const TICK_MS = 100;
/** Bounds exchanges within one moment: a ping-pong is a failure, not a hang. */
const MAX_TURNS_PER_MOMENT = 2_000;
/** Settings under which everything that a test waits for comes soon. */
const IDLE_TIMEOUT_MS = 60_000;

type End = "client" | "server";

/** The engine of one end, and its invariants since it was started. */
interface RunningEnd {
	readonly host: EngineHost;
	readonly invariants: EngineInvariants;
}

export interface SimulatedNetworkOptions {
	readonly seed: number;
	readonly profiles: Readonly<Record<End, WireProfileName>>;
	readonly family: 4 | 6;
}

export class SimulatedNetwork {
	readonly link: SimulatedLink;
	nowMs = 10_000;
	/** Texts of datagrams that the server's application got and that the client's got back. */
	readonly arrivedAtServer = new Set<string>();
	readonly arrivedAtClient = new Set<string>();
	/** Datagrams delivered that nobody sent: damage that was not noticed. */
	readonly foreign: Uint8Array[] = [];
	readonly #options: SimulatedNetworkOptions;
	readonly #random: SeededRandom;
	readonly #ends: Record<End, RunningEnd>;
	readonly #sent = new Set<string>();
	#flow: Flow | null = null;
	#nextTickMs = 10_000;
	#starts = 0;

	constructor(options: SimulatedNetworkOptions) {
		this.#options = options;
		this.#random = new SeededRandom(options.seed);
		this.link = new SimulatedLink(this.#random);
		this.#ends = {
			client: this.#start("client"),
			server: this.#start("server"),
		};
	}

	host(end: End): EngineHost {
		return this.#ends[end].host;
	}

	/** The process is gone without a word, and a new one is there that knows nothing. */
	restart(end: End): void {
		this.#ends[end] = this.#start(end);
		if (end === "client") this.#flow = null;
	}

	/** The client's application sends one datagram; the server's will echo it. */
	sendFromClient(text: string): void {
		const { host } = this.#ends.client;
		if (this.#flow === null || !isLive(host, this.#flow)) {
			const opened = host.tryOpen(this.nowMs, this.#options.family);
			this.#flow = typeof opened === "string" ? null : opened;
		}
		if (this.#flow === null) return;
		this.#sent.add(text);
		host.send(this.#flow, [toBytes(text)], this.nowMs);
		this.#carry();
	}

	/** The server's application sends to every client it has. */
	sendFromServer(text: string): void {
		const { host } = this.#ends.server;
		this.#sent.add(text);
		for (const flow of [...host.engine.flows])
			host.send(flow, [toBytes(text)], this.nowMs);
		this.#carry();
	}

	/** A packet that no engine sent arrives at one end. */
	inject(end: End, bytes: Uint8Array): void {
		this.#ends[end].host.receive({ bytes, segmentSize: 0 }, this.nowMs);
		this.#applications();
		this.#carry();
	}

	/** Lets time pass: arrivals and timers in their order. */
	advance(durationMs: number): void {
		const endMs = this.nowMs + durationMs;
		this.#carry();
		for (;;) {
			const nextMs = Math.min(this.link.nextArrivalMs, this.#nextTickMs);
			if (nextMs > endMs) break;
			this.nowMs = nextMs;
			if (this.#nextTickMs <= this.nowMs) this.#tick();
			this.#arrive();
		}
		this.nowMs = endMs;
	}

	#start(end: End): RunningEnd {
		const profile = this.#options.profiles[end];
		const host = new EngineHost({
			role: end,
			profile,
			maxFlows: 16,
			idleTimeoutMs: IDLE_TIMEOUT_MS,
			seed: this.#options.seed + ++this.#starts * 7_919,
		});
		return { host, invariants: new EngineInvariants(host, profile) };
	}

	#tick(): void {
		this.#nextTickMs += TICK_MS;
		for (const { host, invariants } of Object.values(this.#ends)) {
			host.engine.expire(this.nowMs);
			host.engine.flush();
			invariants.check();
			invariants.checkTimers(this.nowMs);
		}
		this.#carry();
	}

	#arrive(): void {
		for (let turn = 0; turn < MAX_TURNS_PER_MOMENT; turn++) {
			const arrived = this.link.takeArrived(this.nowMs);
			if (arrived.length === 0) return;
			for (const { direction, packet } of arrived) {
				const end = direction === "to-server" ? "server" : "client";
				this.#ends[end].host.receive(packet, this.nowMs);
			}
			this.#applications();
			this.#carry();
		}
		throw new Error("the two ends answer each other for ever");
	}

	/** Takes what was delivered; the server's application echoes. */
	#applications(): void {
		const { client, server } = this.#ends;
		for (const bytes of client.host.takeDelivered())
			this.#note(bytes, this.arrivedAtClient);
		const delivered = server.host.delivered;
		server.host.delivered = [];
		for (const { slot, bytes } of delivered) {
			this.#note(bytes, this.arrivedAtServer);
			const flow = server.host.engine.flowAt(slot);
			if (flow !== undefined) server.host.send(flow, [bytes], this.nowMs);
		}
	}

	#note(bytes: Uint8Array, arrived: Set<string>): void {
		const text = String.fromCharCode(...bytes);
		if (this.#sent.has(text)) arrived.add(text);
		else this.foreign.push(bytes);
	}

	#carry(): void {
		const { client, server } = this.#ends;
		this.link.send(client.host.takeSent(), "to-server", this.nowMs);
		this.link.send(server.host.takeSent(), "to-client", this.nowMs);
	}
}

function isLive(host: EngineHost, flow: Flow): boolean {
	return host.engine.flows.includes(flow);
}

function toBytes(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

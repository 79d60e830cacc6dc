// One end of a traffic run: opens or answers flows, sends its stream, echoes, judges what comes, reports.

import {
	type DatagramReading,
	FULL_FORM_BYTES,
	monotonicUs,
	readDatagram,
	STREAM,
	writeDatagram,
} from "./datagram-form.js";
import type { DatagramIo, DatagramIoOptions } from "./datagram-io.js";
import { DeliveryLedger } from "./delivery-ledger.js";
import { StreamSender } from "./stream-sender.js";
import type { TrafficConfig } from "./traffic-config.js";
import type { EndpointReport } from "./traffic-report.js";

const HELLO_INTERVAL_MS = 200;

export type OpenIo = (options: DatagramIoOptions) => Promise<DatagramIo>;

/** Created by `start`; every method but `report` is idempotent. */
export class Endpoint {
	readonly #config: TrafficConfig;
	readonly #ledgers = new Map<number, DeliveryLedger>();
	/** Flow of each peer, learnt from the first datagram with a header. */
	readonly #flowOfPeer = new Map<number, number>();
	readonly #reading: DatagramReading = {
		stream: 0,
		flow: 0,
		sequence: 0,
		size: 0,
		sentUs: 0,
	};
	readonly #startedMs = performance.now();
	#io: DatagramIo | null = null;
	#sender: StreamSender | null = null;
	#helloTimer: NodeJS.Timeout | null = null;
	#unattributed = 0;
	#echoed = 0;
	#firstArrivalUs = 0;
	#lastArrivalUs = 0;
	#satisfiedFlows = 0;
	#onSatisfied: () => void = () => undefined;

	constructor(config: TrafficConfig) {
		this.#config = config;
	}

	/** @returns the local port of the first socket. */
	async start(openIo: OpenIo): Promise<number> {
		const { role, bind, target, flows, send, sizes } = this.#config;
		const io = await openIo({
			sockets: role === "open" ? flows : 1,
			...(bind === undefined ? {} : { bind }),
			...(target === undefined ? {} : { target }),
			onDatagram: (_socket, peer, bytes) => this.#receive(peer, bytes),
		});
		this.#io = io;
		if (send !== undefined)
			this.#sender = new StreamSender({
				io,
				sizes,
				sending: send,
				flows,
				stream: role === "open" ? STREAM.up : STREAM.down,
			});
		if (role === "open") this.#openFlows();
		return io.localPort();
	}

	/** Resolves when this end has sent everything it has to send; at once when it has nothing. */
	async sentEverything(): Promise<void> {
		await this.#sender?.done();
	}

	/** Resolves when every flow has received `expectPerFlow`; never without that setting. */
	satisfied(): Promise<void> {
		return new Promise((resolve) => {
			this.#onSatisfied = resolve;
			if (this.#satisfiedFlows >= this.#config.flows) resolve();
		});
	}

	/** Milliseconds since the last arrival; since the start before the first. */
	quietMs(): number {
		if (this.#lastArrivalUs === 0) return performance.now() - this.#startedMs;
		return (monotonicUs() - this.#lastArrivalUs) / 1000;
	}

	sent(): number {
		return this.#sender?.sent() ?? 0;
	}

	received(): number {
		let sum = 0;
		for (const ledger of this.#ledgers.values()) sum += ledger.received;
		return sum + this.#echoed;
	}

	stopSending(): void {
		if (this.#helloTimer !== null) clearInterval(this.#helloTimer);
		this.#helloTimer = null;
		this.#sender?.stop();
	}

	stop(): void {
		this.stopSending();
		this.#io?.close();
	}

	report(): EndpointReport {
		return {
			sentByFlow: this.#sender?.sentByFlow() ?? [],
			sent: this.sent(),
			socketErrors: this.#io?.errors() ?? 0,
			overflowDrops: this.#io?.overflowDrops() ?? 0,
			unattributed: this.#unattributed,
			streams: [...this.#ledgers.values()].map((ledger) => ledger.tally()),
			elapsedMs: performance.now() - this.#startedMs,
			firstArrivalUs: this.#firstArrivalUs,
			lastArrivalUs: this.#lastArrivalUs,
		};
	}

	#openFlows(): void {
		for (let flow = 0; flow < this.#config.flows; flow += 1) {
			this.#flowOfPeer.set(flow, flow);
			this.#sender?.openFlow(flow, flow);
		}
		if (this.#sender !== null) return;
		this.#sayHello();
		this.#helloTimer = setInterval(() => this.#sayHello(), HELLO_INTERVAL_MS);
	}

	/** An opener without a stream must send something, or no tunnel would open a flow for it. */
	#sayHello(): void {
		const bytes = Buffer.alloc(FULL_FORM_BYTES);
		for (let flow = 0; flow < this.#config.flows; flow += 1) {
			if (this.#ledgers.has(flow)) continue;
			const size = bytes.length;
			writeDatagram(bytes, 0, {
				stream: STREAM.hello,
				flow,
				sequence: 0,
				size,
			});
			this.#io?.send(flow, bytes, size);
		}
		this.#io?.flush();
	}

	#receive(peer: number, bytes: Buffer): void {
		const flow = this.#flowOf(peer, bytes);
		if (flow < 0) {
			this.#unattributed += 1;
			return;
		}
		this.#lastArrivalUs = monotonicUs();
		if (this.#reading.stream === STREAM.hello) return;
		if (this.#firstArrivalUs === 0) this.#firstArrivalUs = this.#lastArrivalUs;
		if (this.#config.echo) {
			this.#io?.send(peer, bytes, bytes.length);
			this.#io?.flush();
			if (this.#config.judge === "none") this.#echoed += 1;
		}
		if (this.#config.judge !== "none") this.#judge(flow, bytes);
	}

	/** The peer's flow, learnt from a header; with one flow only, a datagram without header will do. */
	#flowOf(peer: number, bytes: Buffer): number {
		this.#reading.stream = 0;
		const known = this.#flowOfPeer.get(peer);
		if (known !== undefined && bytes[0] !== STREAM.hello) return known;
		const isReadable =
			bytes.length >= FULL_FORM_BYTES && readDatagram(bytes, this.#reading);
		if (known !== undefined) return known;
		if (!isReadable && this.#config.flows > 1) return -1;
		const flow = isReadable ? this.#reading.flow : 0;
		if (flow >= this.#config.flows) return -1;
		this.#flowOfPeer.set(peer, flow);
		this.#sender?.openFlow(flow, peer);
		return flow;
	}

	#judge(flow: number, bytes: Buffer): void {
		const ledger = this.#ledgers.get(flow) ?? this.#addLedger(flow);
		const before = ledger.received;
		ledger.record(bytes);
		const { expectPerFlow } = this.#config;
		if (ledger.received === before || ledger.received !== expectPerFlow) return;
		this.#satisfiedFlows += 1;
		if (this.#satisfiedFlows === this.#config.flows) this.#onSatisfied();
	}

	#addLedger(flow: number): DeliveryLedger {
		const { role, judge, sizes } = this.#config;
		const isOpener = role === "open";
		const isUp = isOpener === (judge === "own-echo");
		const ledger = new DeliveryLedger({
			stream: isUp ? STREAM.up : STREAM.down,
			flow,
			sizes,
		});
		this.#ledgers.set(flow, ledger);
		return ledger;
	}
}

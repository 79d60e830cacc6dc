// Sends one stream over all open flows: paced, in trains of equal size, a bounded number of datagrams per flow.

import { writeDatagram } from "./datagram-form.js";
import type { DatagramIo } from "./datagram-io.js";
import { Pacer } from "./pacer.js";
import { type SizePlan, sizeOfDatagram } from "./size-plan.js";
import type { TrafficConfig } from "./traffic-config.js";

type Sending = NonNullable<TrafficConfig["send"]>;

/** Largest UDP_SEGMENT super-datagram (wire.md 4.10). */
const MAX_TRAIN_BYTES = 65_000;
/** The bucket holds this much time: a sender that was held up by less makes up for it, burst by burst. */
const BUCKET_MS = 250;
/**
 * Datagrams that leave at once, unless the rate needs more: a default UDP receive buffer (212,992 bytes) holds 92 of
 * 1,400 bytes, and what a program under test has no room for was never offered to its tunnel.
 */
const BURST = 24;
/** Between bursts. */
const TURN_MS = 1;

export interface StreamSenderOptions {
	readonly io: DatagramIo;
	readonly stream: number;
	readonly sizes: SizePlan;
	readonly sending: Sending;
	/** Flows that exist from the start; an answerer adds them as they are heard. */
	readonly flows: number;
}

interface OpenFlow {
	readonly flow: number;
	peer: number;
	nextSequence: number;
}

export class StreamSender {
	readonly #options: StreamSenderOptions;
	readonly #pacer: Pacer;
	readonly #burst: number;
	readonly #open: OpenFlow[] = [];
	readonly #byFlow = new Map<number, OpenFlow>();
	readonly #scratch = Buffer.allocUnsafe(65_536);
	readonly #sentByFlow: number[];
	#turn = 0;
	#isStopped = false;
	#finished = 0;
	#timer: NodeJS.Timeout | null = null;
	#onDone: () => void = () => undefined;

	constructor(options: StreamSenderOptions) {
		this.#options = options;
		const { rate, unit, train } = options.sending;
		const largest = unit === "bits" ? 65_507 * 8 : train;
		this.#pacer = new Pacer(
			{ rate, unit, depth: Math.max((rate * BUCKET_MS) / 1000, largest) },
			performance.now(),
		);
		// Twice the rate's own share of a turn, so that time lost can be caught up.
		const perTurn = unit === "bits" ? BURST : (2 * rate * TURN_MS) / 1000;
		this.#burst = Math.max(BURST, perTurn);
		this.#sentByFlow = new Array<number>(options.flows).fill(0);
	}

	/** Starts to send on this flow, or learns that its peer has another address now. */
	openFlow(flow: number, peer: number): void {
		const known = this.#byFlow.get(flow);
		if (known !== undefined) {
			known.peer = peer;
			return;
		}
		const open = { flow, peer, nextSequence: 0 };
		this.#byFlow.set(flow, open);
		this.#open.push(open);
		if (this.#timer === null) this.#schedule(TURN_MS);
	}

	/** Resolves when every one of the expected flows has sent everything, or after `stop`. */
	done(): Promise<void> {
		return new Promise((resolve) => {
			this.#onDone = resolve;
			if (this.#finished === this.#options.flows) resolve();
		});
	}

	stop(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#isStopped = true;
		this.#onDone();
	}

	sentByFlow(): readonly number[] {
		return this.#sentByFlow;
	}

	sent(): number {
		return this.#sentByFlow.reduce((sum, count) => sum + count, 0);
	}

	#schedule(delayMs: number): void {
		if (this.#isStopped) return;
		this.#timer = setTimeout(() => this.#sendTurn(), delayMs);
	}

	#sendTurn(): void {
		this.#timer = null;
		this.#pacer.refill(performance.now());
		let sent = 0;
		while (sent < this.#burst) {
			const piece = this.#sendTrain();
			if (piece === 0) break;
			sent += piece;
		}
		this.#options.io.flush();
		if (this.#finished === this.#options.flows) {
			this.#onDone();
			return;
		}
		if (this.#finished === this.#open.length) return;
		this.#schedule(TURN_MS);
	}

	/** The next flow's next train. @returns datagrams sent; 0 when the rate or the socket says wait. */
	#sendTrain(): number {
		const open = this.#nextFlow();
		if (open === null) return 0;
		const { sizes, sending, stream, io } = this.#options;
		const size = sizeOfDatagram(sizes, open.nextSequence);
		const most = Math.min(
			sending.train,
			sending.count - open.nextSequence,
			Math.max(1, Math.floor(MAX_TRAIN_BYTES / size)),
		);
		let count = 1;
		while (
			count < most &&
			sizeOfDatagram(sizes, open.nextSequence + count) === size
		)
			count += 1;
		if (!this.#pacer.take(size, count)) return 0;
		for (let place = 0; place < count; place += 1)
			writeDatagram(this.#scratch, place * size, {
				stream,
				flow: open.flow,
				sequence: open.nextSequence + place,
				size,
			});
		if (!io.send(open.peer, this.#scratch.subarray(0, count * size), size))
			return 0;
		open.nextSequence += count;
		this.#sentByFlow[open.flow] = open.nextSequence;
		if (open.nextSequence === sending.count) this.#finished += 1;
		return count;
	}

	/** Round robin over flows that have something left. */
	#nextFlow(): OpenFlow | null {
		for (let tried = 0; tried < this.#open.length; tried += 1) {
			const open = this.#open[this.#turn % this.#open.length];
			this.#turn += 1;
			if (open === undefined) return null;
			if (open.nextSequence < this.#options.sending.count) return open;
		}
		return null;
	}
}

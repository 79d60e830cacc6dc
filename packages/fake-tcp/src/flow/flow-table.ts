// The flow table: a fixed number of slots, found by 4-tuple, walked in dense order. Nothing is allocated per flow.

import { invariant } from "../invariant.js";
import { FLOW_COUNTERS, Flow } from "./flow.js";
import type { HashKey } from "./half-siphash.js";
import { NOT_FOUND, WordKeyTable } from "./word-key-table.js";

const KEY_WORDS = 5;

export interface FlowTuple {
	readonly remote: Int32Array;
	readonly remotePort: number;
	readonly localPort: number;
}

export class FlowTable {
	readonly maxFlows: number;
	/** `FLOW_COUNTERS` doubles per slot. */
	readonly counters: Float64Array;
	/** Per slot: when the application last had something for the flow, also while it is still waiting to be sent. */
	readonly wantedMs: Float64Array;
	readonly #table: WordKeyTable;
	readonly #slots: (Flow | undefined)[];
	readonly #free: Int32Array;
	#freeCount: number;
	readonly #live: Flow[] = [];
	readonly #key = new Int32Array(KEY_WORDS);

	constructor(maxFlows: number, hashKey: HashKey) {
		this.maxFlows = maxFlows;
		this.counters = new Float64Array(maxFlows * FLOW_COUNTERS);
		this.wantedMs = new Float64Array(maxFlows).fill(-1);
		this.#table = new WordKeyTable({
			keyWords: KEY_WORDS,
			capacity: maxFlows,
			hashKey,
		});
		this.#slots = new Array<Flow | undefined>(maxFlows).fill(undefined);
		this.#free = new Int32Array(maxFlows);
		this.#freeCount = maxFlows;
		// Slot 0 is handed out first.
		for (let slot = 0; slot < maxFlows; slot++)
			this.#free[slot] = maxFlows - 1 - slot;
	}

	get size(): number {
		return this.#live.length;
	}

	/** Live flows, any order. Closing the flow at the index being visited is allowed when walking backwards. */
	get live(): readonly Flow[] {
		return this.#live;
	}

	find(tuple: FlowTuple): Flow | undefined {
		this.#fillKey(tuple);
		const slot = this.#table.find(this.#key, 0);
		return slot === NOT_FOUND ? undefined : this.#slots[slot];
	}

	/** The live flow in this slot. */
	at(slot: number): Flow | undefined {
		const flow = this.#slots[slot];
		return flow === undefined || flow.state === "CLOSED" ? undefined : flow;
	}

	/** Takes a free slot for a tuple that is not in the table. @returns undefined when the table is full. */
	take(tuple: FlowTuple): Flow | undefined {
		if (this.#freeCount === 0) return undefined;
		const slot = this.#free[--this.#freeCount] ?? 0;
		const flow = this.#slots[slot] ?? new Flow(slot);
		this.#slots[slot] = flow;
		this.#fillKey(tuple);
		flow.key.set(this.#key);
		flow.remotePort = tuple.remotePort;
		flow.localPort = tuple.localPort;
		flow.liveIndex = this.#live.length;
		this.#live.push(flow);
		this.#table.set(flow.key, 0, slot);
		this.counters.fill(0, slot * FLOW_COUNTERS, (slot + 1) * FLOW_COUNTERS);
		return flow;
	}

	/** Gives a live flow another local port, which no flow to the same remote port has. */
	rekey(flow: Flow, localPort: number): void {
		invariant(
			this.#live[flow.liveIndex] === flow,
			"only a live flow gets another port",
		);
		this.#table.delete(flow.key, 0);
		flow.localPort = localPort;
		flow.key[4] = (flow.remotePort << 16) | localPort;
		this.#table.set(flow.key, 0, flow.slot);
	}

	release(flow: Flow): void {
		invariant(
			this.#live[flow.liveIndex] === flow,
			"only a live flow is released",
		);
		this.#table.delete(flow.key, 0);
		const last = this.#live.pop();
		if (last !== undefined && last !== flow) {
			this.#live[flow.liveIndex] = last;
			last.liveIndex = flow.liveIndex;
		}
		flow.liveIndex = -1;
		flow.state = "CLOSED";
		this.#free[this.#freeCount++] = flow.slot;
	}

	#fillKey(tuple: FlowTuple): void {
		this.#key.set(tuple.remote);
		this.#key[4] = (tuple.remotePort << 16) | tuple.localPort;
	}
}

// Make before break: a flow is followed by another on a new port, and is left only when the new one is open.

import type { Engine, Flow } from "@tunscope/fake-tcp";

/** What was on its way to the flow that is left still arrives. */
const LEAVE_AFTER_MS = 2_000;
/** A successor that did not open is not tried again before. */
const RETRY_AFTER_MS = 10_000;
/** Flows that nobody has used for this long go on as they are. */
const UNUSED_MS = 60_000;
/** Flows that came of age together are followed a few at a time. */
const MAX_PER_TICK = 32;
const NONE = -1;

export interface FlowRotationOptions {
	readonly engine: Engine;
	readonly maxFlows: number;
	/** 0: only on request. */
	readonly rotateEveryMs: number;
	/** Opens a flow for the same application. @returns its slot, or a negative number. */
	readonly openSuccessor: (flow: Flow, nowMs: number) => number;
	/** What the application sends goes to this slot from now on. */
	readonly handOver: (fromSlot: number, toSlot: number) => void;
}

export class FlowRotation {
	readonly #options: FlowRotationOptions;
	readonly #successor: Int32Array;
	readonly #predecessor: Int32Array;
	/** Per slot: when the flow is closed, 0 while it is not to be left. */
	readonly #leaveAtMs: Float64Array;
	readonly #notBeforeMs: Float64Array;
	#begunThisTick = 0;

	constructor(options: FlowRotationOptions) {
		const { maxFlows } = options;
		this.#options = options;
		this.#successor = new Int32Array(maxFlows).fill(NONE);
		this.#predecessor = new Int32Array(maxFlows).fill(NONE);
		this.#leaveAtMs = new Float64Array(maxFlows);
		this.#notBeforeMs = new Float64Array(maxFlows);
	}

	/** True for a flow that is being left, and for one that is about to take over: neither is anybody else's business. */
	isInTransition(slot: number): boolean {
		return this.#leaveAtMs[slot] !== 0 || this.#predecessor[slot] !== NONE;
	}

	/** Opens a successor now. @returns false when there is no room for one. */
	begin(flow: Flow, nowMs: number): boolean {
		const { engine, maxFlows, openSuccessor } = this.#options;
		if (this.#successor[flow.slot] !== NONE) return true;
		// In a full table the newcomer would push out somebody else's flow.
		if (engine.flows.length >= maxFlows) return false;
		this.#notBeforeMs[flow.slot] = nowMs + RETRY_AFTER_MS;
		const successor = openSuccessor(flow, nowMs);
		if (successor < 0) return false;
		this.#successor[flow.slot] = successor;
		this.#predecessor[successor] = flow.slot;
		return true;
	}

	tickBegins(): void {
		this.#begunThisTick = 0;
	}

	/** One flow, once per tick. @returns false when it was closed. */
	tend(flow: Flow, nowMs: number): boolean {
		const { engine, rotateEveryMs } = this.#options;
		const { slot } = flow;
		const leaveAtMs = this.#leaveAtMs[slot] ?? 0;
		if (leaveAtMs > 0 && nowMs >= leaveAtMs) {
			engine.close(flow, "rotated", nowMs);
			return false;
		}
		const isDue =
			rotateEveryMs > 0 &&
			flow.state === "ESTABLISHED" &&
			nowMs - flow.establishedMs >= rotateEveryMs &&
			nowMs >= (this.#notBeforeMs[slot] ?? 0) &&
			nowMs - Math.max(flow.lastInboundMs, flow.lastDataMs) < UNUSED_MS;
		if (!isDue || this.isInTransition(slot)) return true;
		if (this.#begunThisTick >= MAX_PER_TICK) return true;
		this.#begunThisTick++;
		this.begin(flow, nowMs);
		return true;
	}

	/** A handshake went through: if it was a successor's, it takes over, and the other one is left soon. */
	opened(flow: Flow): void {
		const predecessor = this.#predecessor[flow.slot] ?? NONE;
		if (predecessor === NONE) return;
		this.#part(predecessor, flow.slot);
		this.#leaveAtMs[predecessor] = flow.establishedMs + LEAVE_AFTER_MS;
		this.#options.handOver(predecessor, flow.slot);
	}

	/** A flow is gone. One that goes before its successor is open leaves it the application all the same. */
	closed(slot: number): void {
		this.#leaveAtMs[slot] = 0;
		this.#notBeforeMs[slot] = 0;
		const predecessor = this.#predecessor[slot] ?? NONE;
		if (predecessor !== NONE) this.#part(predecessor, slot);
		const successor = this.#successor[slot] ?? NONE;
		if (successor === NONE) return;
		this.#part(slot, successor);
		this.#options.handOver(slot, successor);
	}

	#part(predecessor: number, successor: number): void {
		this.#successor[predecessor] = NONE;
		this.#predecessor[successor] = NONE;
	}
}

// Which flow may make room for a newcomer: the one that has been quiet longest, and never one that is alive.

import type { Flow } from "./flow.js";
import type { FlowTable } from "./flow-table.js";

/** A flow that heard or carried something this recently is alive: it keeps its slot, however many want it. */
export const QUIET_MS = 10_000;
/**
 * A conversation that has gone on for longer than `QUIET_MS` may pause this long: WireGuard's keepalive comes every
 * 25 s, and a flood of short conversations must not push it out between two of them.
 */
export const LASTING_QUIET_MS = 30_000;
/** Between two walks over the table. A newcomer in between, when no quiet flow is left, is refused at once. */
const SEARCH_INTERVAL_MS = 100;

/** Slot numbers are below this, so that time and slot fit one double, which sorts by time. */
const SLOTS = 65_536;

/**
 * Finds victims without a walk per newcomer: one walk lists all quiet flows, oldest last, and the list is used up from
 * its end. It stays in order by itself: whoever was active since is passed over, and whoever fell quiet since has been
 * quiet for less long than all that are listed.
 */
export class QuietFlows {
	readonly #flows: FlowTable;
	/** Quiet since (negated, so that the quietest come last when sorted upwards) × `SLOTS` + slot. */
	readonly #listed: Float64Array;
	#count = 0;
	#nextSearchMs = 0;

	constructor(flows: FlowTable) {
		this.#flows = flows;
		this.#listed = new Float64Array(flows.maxFlows);
	}

	/** @returns the open flow that may be evicted now; undefined when all are alive. Asking twice may name another. */
	takeQuietest(nowMs: number): Flow | undefined {
		const listed = this.#takeListed();
		if (listed !== undefined || nowMs < this.#nextSearchMs) return listed;
		this.#search(nowMs);
		return this.#takeListed();
	}

	#takeListed(): Flow | undefined {
		while (this.#count > 0) {
			const entry = this.#listed[--this.#count] ?? 0;
			const sinceMs = -Math.floor(entry / SLOTS);
			const flow = this.#flows.at(entry + sinceMs * SLOTS);
			if (flow === undefined || flow.state !== "ESTABLISHED") continue;
			// Another time: it was active meanwhile, or the slot has a new flow.
			if (this.#quietSinceMs(flow) === sinceMs) return flow;
		}
		return undefined;
	}

	#search(nowMs: number): void {
		// Flows that are opened later, or active later, are not due before this.
		let nextDueMs = nowMs + QUIET_MS;
		for (const flow of this.#flows.live) {
			// A handshake ends by itself within seconds.
			if (flow.state !== "ESTABLISHED") continue;
			const sinceMs = this.#quietSinceMs(flow);
			const dueMs = sinceMs + quietLimitMs(flow, sinceMs);
			if (dueMs <= nowMs)
				this.#listed[this.#count++] = -sinceMs * SLOTS + flow.slot;
			else if (dueMs < nextDueMs) nextDueMs = dueMs;
		}
		this.#listed.subarray(0, this.#count).sort();
		this.#nextSearchMs = Math.max(nextDueMs, nowMs + SEARCH_INTERVAL_MS);
	}

	/** Not lastOutboundMs: our own ACKs and control segments are no life. */
	#quietSinceMs(flow: Flow): number {
		const wantedMs = this.#flows.wantedMs[flow.slot] ?? 0;
		return Math.floor(Math.max(flow.lastInboundMs, flow.lastDataMs, wantedMs));
	}
}

function quietLimitMs(flow: Flow, sinceMs: number): number {
	return sinceMs - flow.openedMs > QUIET_MS ? LASTING_QUIET_MS : QUIET_MS;
}

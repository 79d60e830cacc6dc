// Challenge ACKs: a reset that is only nearly right is answered with where we are, and who means it answers with one that is exact (RFC 5961 §3.2).

import { ChallengeBudget } from "../flow/challenge-budget.js";
import type { Flow } from "../flow/flow.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceDistance } from "../wire/sequence.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";

/**
 * A nearly right reset cuts conntrack's timer for the flow to ten seconds, and only a segment of ours sets it up again
 * [measured]: what the budget does not allow now is made up for within five.
 */
const OWED_AFTER_MS = 1_000;
const OWED_SPREAD_MS = 100;
const OWED_SPREADS = 32;

export class Challenges {
	readonly #core: EngineCore;
	readonly #budget: ChallengeBudget;

	constructor(core: EngineCore) {
		this.#core = core;
		this.#budget = new ChallengeBudget(core.options.seed.iss);
	}

	/** The reset in the view lies near the sequence number that this flow expects. */
	challenge(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const distance = sequenceDistance(flow.rcvNxt, core.segment.segSeq);
		core.noticeSegment(NOTICE["reset-challenged"], flow, Math.abs(distance));
		core.dropSegment(DROP["rst-challenged"], flow);
		if (!this.#budget.allows(nowMs)) return owe(flow, nowMs);
		flow.challengeDueMs = 0;
		core.count(ENGINE_COUNTER.challengeAcksSent, 1);
		core.outbox.ack(flow, nowMs);
	}
}

function owe(flow: Flow, nowMs: number): void {
	flow.challengeOwedMs = nowMs;
	if (flow.challengeDueMs > 0) return;
	flow.challengeDueMs =
		nowMs + OWED_AFTER_MS + (flow.slot % OWED_SPREADS) * OWED_SPREAD_MS;
}

/** Sends the plain ACK that a flow is owed, unless something else has left on it since. */
export function payChallenge(
	core: EngineCore,
	flow: Flow,
	nowMs: number,
): void {
	if (flow.challengeDueMs === 0 || nowMs < flow.challengeDueMs) return;
	flow.challengeDueMs = 0;
	if (flow.lastOutboundMs <= flow.challengeOwedMs) core.outbox.ack(flow, nowMs);
}

// Acts on what liveness.ts finds: probes, says that a peer is silent or back, and gives a dead client flow another port.

import type { Flow } from "../flow/flow.js";
import {
	judgeLiveness,
	LIVENESS,
	noteProbed,
	probeReachBytes,
} from "../flow/liveness.js";
import { sequenceAdd } from "../wire/sequence.js";
import type { EngineCore } from "./engine-core.js";
import { NOTICE } from "./engine-notice.js";

/** An open flow, once per tick. @returns false when the flow ended or began anew: there is nothing more to tend. */
export function tendLiveness(
	core: EngineCore,
	flow: Flow,
	nowMs: number,
): boolean {
	if (!core.options.profile.probesSilentPeers) return true;
	const heardMs = flow.lastAnswerMs;
	const silentSinceMs = flow.unansweredSinceMs;
	const verdict = judgeLiveness(flow, nowMs);
	if (verdict === LIVENESS.fine) return true;
	if (verdict === LIVENESS.back) {
		core.noticeFlow(NOTICE["peer-back"], flow, heardMs - silentSinceMs);
		return true;
	}
	if (verdict === LIVENESS.probe) {
		probe(core, flow, nowMs);
		return true;
	}
	return giveUp(core, flow, nowMs);
}

/**
 * An empty segment that any TCP answers, stock too, and one that sets stock's idea of our sequence right again
 * (wire.md 4.8). On the wire it is a keepalive.
 */
function probe(core: EngineCore, flow: Flow, nowMs: number): void {
	if (!core.probeLimit.allows(nowMs)) return;
	const reachBytes = probeReachBytes(flow);
	const isOnlyOne = flow.probesUnanswered === 0;
	noteProbed(flow, nowMs);
	core.outbox.ackEliciting(flow, reachBytes, nowMs);
	core.outbox.ack(flow, nowMs);
	// Karn: with two on their way nobody could say which one is answered, unless the answer names it.
	if (isOnlyOne || flow.peerMss === 0)
		flow.quality.noteProbe(
			sequenceAdd(flow.lastAckReceived, -reachBytes),
			nowMs,
		);
}

/** A client goes on from another port. A server waits: only its client can come back, and silence lets the flow expire. */
function giveUp(core: EngineCore, flow: Flow, nowMs: number): boolean {
	flow.isSilent = true;
	core.noticeFlow(NOTICE["peer-silent"], flow, nowMs - flow.lastAnswerMs);
	if (core.options.role !== "client") return true;
	// Nothing but the handshake was ever heard: this peer answers no probes, and would be given up again and again.
	flow.vainRenewals = flow.isWindowOpen ? 0 : flow.vainRenewals + 1;
	core.outbox.reset(flow, nowMs);
	core.end(flow, "peer-silent", nowMs);
	return false;
}

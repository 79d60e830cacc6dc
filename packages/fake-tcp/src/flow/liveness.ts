// Whether a flow's peer is still there, judged by nothing but what comes in: silence is probed, and unanswered probes are death.

import type { Flow } from "./flow.js";

/** Data that goes unanswered for this long makes us ask. Two of ours acknowledge after a second at the latest. */
const PROBE_AFTER_MS = 2_500;
const PROBE_INTERVAL_MS = 1_000;
/**
 * Asked this often in vain, 8.5 s after the silence began, the peer is gone. Where three of ten segments are lost each
 * way, one silence in sixty is mistaken for death.
 */
export const MAX_PROBES = 6;
/** A peer that we doubt for a reason has this many probes' time. */
const PROBES_IN_DOUBT = 3;
/**
 * A peer that opens new flows and says nothing on them does not answer probes at all (nobody says it must): its flows
 * are given up ever later, up to five minutes.
 */
const VAIN_PATIENCE_MS = 10_000;
const MAX_VAIN_DOUBLINGS = 5;
/** A question's plain ACK comes this soon behind it. */
const QUESTION_TAIL_MS = 200;
/** How far each further probe reaches back: stock's acknowledgements regress by as much as its threads are apart. */
const PROBE_STEP_BYTES = 32 * 1024;

/** What `judgeLiveness` finds. */
export const LIVENESS = {
	/** Nothing is asked, or it is too early to worry. */
	fine: 0,
	/** A probe is due. */
	probe: 1,
	/** Every probe's time is over. */
	dead: 2,
	/** Something came in after the flow had been taken for silent. */
	back: 3,
} as const;

/** Call it about ten times a second for an open flow; costs two comparisons while all is well. */
export function judgeLiveness(flow: Flow, nowMs: number): number {
	const heardMs = flow.lastAnswerMs;
	// Payload travelled after the last answer: it was ours. An idle flow asks nothing, so nothing is probed.
	const isAsking = flow.lastDataMs > heardMs || flow.doubtedMs > heardMs;
	if (flow.unansweredSinceMs !== 0 && flow.unansweredSinceMs <= heardMs) {
		const wasSilent = flow.isSilent;
		settle(flow);
		if (wasSilent) return LIVENESS.back;
	}
	if (!isAsking) return LIVENESS.fine;
	if (flow.unansweredSinceMs === 0) {
		flow.unansweredSinceMs = Math.max(1, flow.lastDataMs);
		flow.nextProbeMs = flow.lastDataMs + PROBE_AFTER_MS;
		return LIVENESS.fine;
	}
	if (flow.isSilent || nowMs < flow.nextProbeMs) return LIVENESS.fine;
	return flow.probesUnanswered < MAX_PROBES ? LIVENESS.probe : LIVENESS.dead;
}

/** A probe was sent. */
export function noteProbed(flow: Flow, nowMs: number): void {
	flow.probesUnanswered++;
	flow.nextProbeMs = nowMs + PROBE_INTERVAL_MS;
	const isLast = flow.probesUnanswered === MAX_PROBES;
	if (isLast && flow.vainRenewals > 0) {
		const doublings = Math.min(flow.vainRenewals - 1, MAX_VAIN_DOUBLINGS);
		flow.nextProbeMs += VAIN_PATIENCE_MS * 2 ** doublings;
	}
}

/**
 * Does a segment without payload show that the peer hears us? One that acknowledges more than before does, and one behind
 * a probe of ours. A peer that asks where we are, the plain ACK behind its question, and what it repeats by a timer also
 * come when nothing of ours arrives any more: a path may be dead in one direction.
 * @param isQuestion it comes from behind what we have.
 */
export function isAnswer(
	flow: Flow,
	segAck: number,
	isQuestion: boolean,
	nowMs: number,
): boolean {
	if (isQuestion) flow.peerAskedMs = nowMs;
	if (((segAck - flow.sndUna) | 0) > 0) return true;
	return (
		flow.probesUnanswered > 0 && nowMs - flow.peerAskedMs >= QUESTION_TAIL_MS
	);
}

/** Something outside says that the peer may be gone: it is asked at once, and has less time to answer. */
export function doubt(flow: Flow, nowMs: number): void {
	if (flow.isSilent) return;
	// What was heard in this very millisecond was heard before.
	flow.doubtedMs = nowMs + 1;
	flow.unansweredSinceMs = nowMs + 1;
	flow.nextProbeMs = nowMs;
	flow.probesUnanswered = MAX_PROBES - PROBES_IN_DOUBT;
}

/**
 * Octets behind the last acknowledgement from the peer at which the next probe begins. One is enough for a peer that
 * acknowledges in order; further probes reach further, because stock's last acknowledgement may lie before the last
 * we have seen, and each answer that was lost lowered it (wire.md 4.8). Never before the flow's beginning by more than that.
 */
export function probeReachBytes(flow: Flow): number {
	const { probesUnanswered } = flow;
	const acknowledged = Math.max(0, (flow.lastAckReceived - flow.iss - 1) | 0);
	return (
		1 +
		probesUnanswered +
		Math.min(acknowledged, probesUnanswered * PROBE_STEP_BYTES)
	);
}

/** Nothing is unanswered. */
export function settle(flow: Flow): void {
	flow.unansweredSinceMs = 0;
	flow.nextProbeMs = 0;
	flow.probesUnanswered = 0;
	flow.isSilent = false;
}

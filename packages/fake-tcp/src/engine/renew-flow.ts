// A client's flow that something ended goes on in its slot, from another local port: at once after a reset, with growing pauses while it fails.

import type { FlowCloseReason } from "../flow/close-reason.js";
import type { Flow } from "../flow/flow.js";
import type { EngineCore } from "./engine-core.js";
import { NOTICE } from "./engine-notice.js";
import type { Handshake } from "./handshake.js";

/** A flow that was reset this soon after it opened counts as a failed attempt: somebody on the path ends what we open. */
const SHORT_LIFE_MS = 3_000;
/** A flow is in use when it carried or got something to carry this recently; the shortest idle timeouts are about as long. */
const USED_MS = 2_000;
/** Pauses double from here; with a SYN's own second they stay within the 3 s in which a path that is back is found. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = { refused: 2_000, unanswered: 1_500 } as const;
/** What waits longer than this for a flow that does not open is stale: a later datagram is worth more. */
const STALE_MS = 3_000;

/** The client's answer to a flow's end; see `EngineCore.renewInstead`. */
export function renewInstead(
	core: EngineCore,
	handshake: Handshake,
	flow: Flow,
	reason: FlowCloseReason,
	nowMs: number,
): boolean {
	const { profile, role } = core.options;
	if (role !== "client" || !profile.renewsFlows) return false;
	const isOpening = flow.state !== "ESTABLISHED";
	if (isOpening) noticeFailure(core, flow, reason);
	if (!isWanted(core, flow, reason, nowMs)) return false;
	const port = core.freeLocalPort(flow.key, flow.remotePort);
	if (port === 0) return false;
	const pauseMs = pauseBefore(core, flow, reason, nowMs);
	if (flow.failingSinceMs === 0) {
		flow.failingSinceMs = Math.max(1, nowMs);
		flow.heardBeforeMs = flow.lastAnswerMs;
	}
	// Behind a handshake nothing waits, but for conntrack's window; its place in the stream is gone.
	const isStale = nowMs - flow.failingSinceMs >= STALE_MS;
	if (!isOpening || isStale) core.dropPending(flow);
	core.countEnd(flow);
	core.options.sink.flowRenewed(flow, reason);
	core.flows.rekey(flow, port);
	core.beginAnew(flow, nowMs);
	handshake.beginClient(flow, nowMs, pauseMs);
	return true;
}

function noticeFailure(
	core: EngineCore,
	flow: Flow,
	reason: FlowCloseReason,
): void {
	const notice =
		reason === "refused-by-peer" ? "handshake-refused" : "handshake-unanswered";
	core.noticeFlow(NOTICE[notice], flow, flow.failedAttempts + 1);
}

/** Does an application still have something for this flow? A peer that ends what is idle is right to do so. */
function isWanted(
	core: EngineCore,
	flow: Flow,
	reason: FlowCloseReason,
	nowMs: number,
): boolean {
	if (reason === "peer-silent") return true;
	const wantedMs = core.flows.wantedMs[flow.slot] ?? 0;
	if (flow.state === "ESTABLISHED")
		// A reset that is no answer to traffic is a peer's idle timer, or the eviction of a flow that was quiet: coming back
		// would push out the next one.
		return nowMs - Math.max(flow.lastDataMs, wantedMs) < USED_MS;
	// A refusal comes at once, so what the attempt began with counts; a timeout takes seconds in which more would come.
	if (reason === "refused-by-peer") return wantedMs >= flow.attemptDecidedMs;
	return wantedMs > flow.attemptDecidedMs;
}

/** Counts the failure, if it was one. @returns milliseconds to wait. */
function pauseBefore(
	core: EngineCore,
	flow: Flow,
	reason: FlowCloseReason,
	nowMs: number,
): number {
	const isFailure =
		flow.state !== "ESTABLISHED" ||
		(reason === "reset-by-peer" && nowMs - flow.establishedMs < SHORT_LIFE_MS);
	if (!isFailure) {
		flow.failedAttempts = 0;
		return 0;
	}
	flow.failedAttempts++;
	// A young flow may be reset once by chance: a NAT that forgets, a server that restarts.
	if (reason === "reset-by-peer" && flow.failedAttempts === 1) return 0;
	const longestMs =
		reason === "handshake-timeout"
			? LONGEST_PAUSE_MS.unanswered
			: LONGEST_PAUSE_MS.refused;
	const doublings = Math.min(flow.failedAttempts - 1, 8);
	return core.jitter.shorten(
		Math.min(longestMs, FIRST_PAUSE_MS * 2 ** doublings),
	);
}

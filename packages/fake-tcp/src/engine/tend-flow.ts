// What time does to a flow: retransmission, giving up, delayed ACKs, control repeats, idle expiry.

import type { Flow } from "../flow/flow.js";
import { sayLinkMtuNow } from "./acknowledge-openings.js";
import { payChallenge } from "./challenge.js";
import type { EngineCore } from "./engine-core.js";
import { CONTROL_REPEAT_MS, type Handshake } from "./handshake.js";
import { drainPending } from "./pending-drain.js";
import { tendLiveness } from "./tend-liveness.js";
import { tendPath } from "./tend-path.js";

/** Repetitions after 1, 2, 4 and 8 s, while the peer's own has not come (wire.md 4.13). */
const MAX_CONTROL_REPEATS = 4;
/** Between two of ours the link MTU is said again this often while there is traffic. */
const CONTROL_REFRESH_MS = 30_000;

export function tendFlow(
	core: EngineCore,
	handshake: Handshake,
	flow: Flow,
	nowMs: number,
): void {
	if (flow.state !== "ESTABLISHED") {
		if (nowMs >= flow.nextTransmissionMs) handshake.waitEnded(flow, nowMs);
		return;
	}
	// Not lastOutboundMs: our own ACKs and control segments must not keep a dead flow alive. Nor must data that goes to a
	// peer which did not answer when it was asked.
	const quietSinceMs = flow.isSilent
		? flow.lastInboundMs
		: Math.max(flow.lastInboundMs, flow.lastDataMs);
	if (nowMs - quietSinceMs >= core.options.idleTimeoutMs) {
		core.outbox.reset(flow, nowMs);
		core.close(flow, "idle");
		return;
	}
	if (!tendLiveness(core, flow, nowMs)) return;
	tendPath(core, flow, nowMs);
	if (
		!flow.isWindowOpen &&
		flow.nextWindowOpenerMs > 0 &&
		nowMs >= flow.nextWindowOpenerMs
	) {
		handshake.openWindow(flow, nowMs);
	}
	payChallenge(core, flow, nowMs);
	sendDelayedAck(core, flow, nowMs);
	sayLinkMtu(core, flow, nowMs);
	// What waited for the peer's link MTU may have waited long enough.
	if (flow.pending !== null && flow.pending.count > 0)
		drainPending(core, flow, nowMs);
}

/** One-way traffic must be acknowledged now and then, or conntrack forgets the flow (wire.md 4.9). */
function sendDelayedAck(core: EngineCore, flow: Flow, nowMs: number): void {
	const { ackAfterMs } = core.options.profile;
	if (ackAfterMs === 0 || flow.rcvNxt === flow.lastAckSent) return;
	if (nowMs - flow.lastOutboundMs >= ackAfterMs) core.outbox.ack(flow, nowMs);
}

function sayLinkMtu(core: EngineCore, flow: Flow, nowMs: number): void {
	if (flow.peerMss === 0 || !core.options.profile.sendsControlSegments) return;
	if (nowMs < flow.nextControlMs) return;
	const isKnown = flow.peerLinkMtuBytes > 0;
	if (!isKnown && flow.controlRepeats >= MAX_CONTROL_REPEATS) return;
	// An idle flow stays silent: refreshing it would keep it from ever expiring.
	const hasTraffic = nowMs - flow.lastDataMs < CONTROL_REFRESH_MS;
	flow.nextControlMs =
		nowMs +
		(isKnown
			? CONTROL_REFRESH_MS
			: CONTROL_REPEAT_MS * 2 ** (flow.controlRepeats + 1));
	flow.controlRepeats++;
	if (hasTraffic) sayLinkMtuNow(core, flow, nowMs);
}

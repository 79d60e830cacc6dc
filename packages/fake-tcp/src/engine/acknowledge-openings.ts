// ACKs at the end of a batch for flows that are just opening, so that conntrack's window opens at once (wire.md 4.9).

import type { Flow } from "../flow/flow.js";
import { linkMtuWindow } from "../wire/control-window.js";
import { sequenceDistance } from "../wire/sequence.js";
import type { EngineCore } from "./engine-core.js";

/**
 * Half of what the unscaled window lets through. An ACK that is older than the newest segment by more than a window
 * teaches conntrack nothing [measured: a stock client that pumps 93 datagrams before our first ACK then stalled for a
 * second], so a young flow is acknowledged at the end of every batch that brought this much.
 */
const OPENING_ACK_BYTES = 32 * 1024;

/** Call it when a batch has been received: what the ACKs say is then as new as it can be. */
export function acknowledgeOpenings(core: EngineCore, nowMs: number): void {
	const { opening } = core;
	if (opening.length === 0) return;
	for (const flow of opening) {
		if (flow.state === "ESTABLISHED") acknowledgeOpening(core, flow, nowMs);
	}
	opening.length = 0;
}

function acknowledgeOpening(core: EngineCore, flow: Flow, nowMs: number): void {
	const unacknowledged = sequenceDistance(flow.lastAckSent, flow.rcvNxt);
	const dueBytes = flow.isJustOpened ? 1 : OPENING_ACK_BYTES;
	flow.isJustOpened = false;
	if (!core.options.profile.opensConntrackWindow) return;
	if (unacknowledged >= dueBytes) core.outbox.ack(flow, nowMs);
}

/** Tells a peer like us our link MTU; nothing to any other (wire.md 4.13). */
export function sayLinkMtuNow(
	core: EngineCore,
	flow: Flow,
	nowMs: number,
): void {
	if (flow.peerMss === 0 || !core.options.profile.sendsControlSegments) return;
	core.outbox.control(flow, linkMtuWindow(core.outbox.linkMtuBytes), nowMs);
}

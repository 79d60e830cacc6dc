// A SYN for a flow that is open: the peer is probed first, and offered a new flow only when it stays silent (packet-cases.md 27).

import type { Flow } from "../flow/flow.js";
import { COOKIE_VALID_MS } from "../flow/syn-cookie.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd } from "../wire/sequence.js";
import { ACK, RST, SYN } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { NOTICE } from "./engine-notice.js";
import type { SynCookieServer } from "./syn-cookie-server.js";

/** How long a probed peer has to show that it still has the flow, and the least time between two probes. */
const PROBE_PATIENCE_MS = 500;

/**
 * The SYN in the view has an open flow's tuple. Answering at once would make our own host's conntrack follow the
 * newcomer, and every segment of the live flow would be INVALID [measured: 0 of 60 arrived].
 */
export function judgeSyn(
	core: EngineCore,
	cookies: SynCookieServer,
	flow: Flow,
	nowMs: number,
): void {
	const isProbed = flow.synProbeMs > 0 && flow.lastInboundMs < flow.synProbeMs;
	const isPatienceOver = nowMs - flow.synProbeMs >= PROBE_PATIENCE_MS;
	// Stock begins with sequence number 0 and nothing else (wire.md 4.2).
	if (isProbed && isPatienceOver && core.segment.segSeq === 0) {
		flow.offeredMs = nowMs;
		flow.offeredIss = cookies.answer(nowMs);
		return;
	}
	core.dropSegment(DROP["syn-on-established"], flow);
	if (flow.synProbeMs > 0 && !isPatienceOver) return;
	flow.synProbeMs = nowMs;
	core.noticeSegment(NOTICE["syn-probed"], flow);
	core.outbox.ackEliciting(flow, 1, nowMs);
}

/** True when the segment in the view takes up what `judgeSyn` offered: its peer has begun anew from the same port. */
export function takesUpOffer(
	core: EngineCore,
	flow: Flow,
	nowMs: number,
): boolean {
	if (nowMs - flow.offeredMs > COOKIE_VALID_MS) {
		flow.offeredMs = 0;
		return false;
	}
	const { controlBits, segAck } = core.segment;
	return (
		(controlBits & (ACK | RST | SYN)) === ACK &&
		segAck === sequenceAdd(flow.offeredIss, 1)
	);
}

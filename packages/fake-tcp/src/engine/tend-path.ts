// What is measured of a flow's path, once per tick: samples of what arrives, and the return of a limit that an ICMP error had lowered.

import { FLOW_COUNTER, FLOW_COUNTERS, type Flow } from "../flow/flow.js";
import { headersBytes } from "../mtu/mtu-arithmetic.js";
import type { EngineCore } from "./engine-core.js";
import { NOTICE } from "./engine-notice.js";

/** Between two looks the sequence may go on by less than 2³¹ octets: 17 Gbit/s. Ten thousand flows cost a tick little then. */
const LOOK_INTERVAL_MS = 1_000;
/** One datagram in a hundred: what a video call shows. */
const LOSS_PER_MILLE = 10;
const REORDERING_PER_MILLE = 20;

const totals = { rcvNxt: 0, payloadBytes: 0, segments: 0, lateSegments: 0 };

export function tendPath(core: EngineCore, flow: Flow, nowMs: number): void {
	if (flow.pathMtuBytes > 0 && nowMs >= flow.pathMtuUntilMs)
		restorePathMtu(core, flow);
	if (nowMs < flow.nextPathLookMs) return;
	flow.nextPathLookMs = nowMs + LOOK_INTERVAL_MS;
	// Where rcvNxt follows whatever came last, it says nothing about what is missing.
	if (!core.options.profile.acknowledgesMonotonically) return;
	const { counters } = core.flows;
	const base = flow.slot * FLOW_COUNTERS;
	totals.rcvNxt = flow.rcvNxt;
	totals.payloadBytes = counters[base + FLOW_COUNTER.payloadBytesReceived] ?? 0;
	totals.segments = counters[base + FLOW_COUNTER.segmentsReceived] ?? 0;
	totals.lateSegments = counters[base + FLOW_COUNTER.lateSegments] ?? 0;
	if (flow.quality.sampleArrivals(totals, nowMs)) sayQuality(core, flow);
}

/** A sample takes ten seconds, so this is said no more often than that. */
function sayQuality(core: EngineCore, flow: Flow): void {
	const { lossPerMille, reorderingPerMille, sampleSegments } = flow.quality;
	if (lossPerMille >= LOSS_PER_MILLE)
		core.noticeFlow(NOTICE["loss-inbound"], flow, lossPerMille, sampleSegments);
	// Stock repeats and reorders its own numbers under load: between two of ours it is the path.
	if (flow.peerMss > 0 && reorderingPerMille >= REORDERING_PER_MILLE)
		core.noticeFlow(
			NOTICE["reordering-inbound"],
			flow,
			reorderingPerMille,
			sampleSegments,
		);
}

function restorePathMtu(core: EngineCore, flow: Flow): void {
	flow.pathMtuBytes = 0;
	core.limitPayload(flow);
	const pathMtuBytes = flow.maxPayloadBytes + headersBytes(flow.family);
	core.noticeFlow(NOTICE["path-mtu-restored"], flow, pathMtuBytes);
}

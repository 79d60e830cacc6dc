// One flow at one moment, in the form in which a worker tells the main thread.

import {
	type Engine,
	type FLOW_COUNTER,
	type Flow,
	invariant,
} from "@tunscope/fake-tcp";
import type { ApplicationSide } from "./application-side.js";
import { peerText } from "./flow-events.js";
import type { FlowDescription } from "./worker-protocol.js";

interface FlowSurroundings {
	readonly engine: Engine;
	readonly application: ApplicationSide | null;
}

export function describeFlow(
	{ engine, application }: FlowSurroundings,
	flow: Flow,
	nowMs: number,
): FlowDescription {
	invariant(flow.state !== "CLOSED", "a live flow is not closed");
	const counter = (name: keyof typeof FLOW_COUNTER): number =>
		engine.flowCounter(flow, name);
	return {
		slot: flow.slot,
		state: flow.state,
		application: application?.describeApplication(flow.slot) ?? "–",
		peer: peerText(flow),
		localPort: flow.localPort,
		openedMsAgo: nowMs - flow.openedMs,
		lastInboundMsAgo: nowMs - flow.lastInboundMs,
		segmentsSent: counter("segmentsSent"),
		segmentsReceived: counter("segmentsReceived"),
		payloadBytesSent: counter("payloadBytesSent"),
		payloadBytesReceived: counter("payloadBytesReceived"),
		peerLinkMtuBytes:
			flow.peerLinkMtuBytes === 0 ? null : flow.peerLinkMtuBytes,
		maxPayloadBytes: flow.maxPayloadBytes,
		pathMtuBytes: flow.pathMtuBytes === 0 ? null : flow.pathMtuBytes,
		isTargetDown: application?.isTargetDown(flow.slot) ?? false,
		isPeerSilent: flow.isSilent,
		...describeQuality(flow),
	};
}

function describeQuality({
	quality,
}: Flow): Pick<FlowDescription, "roundTrip" | "inbound"> {
	const isMeasured = quality.roundTrips > 0;
	const hasSample = quality.lossPerMille >= 0;
	return {
		roundTrip: isMeasured
			? {
					smoothedMs: quality.smoothedRoundTripUs / 1_000,
					leastMs: quality.leastRoundTripUs / 1_000,
					variationMs: quality.roundTripVariationUs / 1_000,
				}
			: null,
		inbound: hasSample
			? {
					lostPerMille: quality.lossPerMille,
					latePerMille: quality.reorderingPerMille,
					segments: quality.sampleSegments,
				}
			: null,
	};
}

import { expect, it } from "vitest";
import type { FlowDescription } from "../tunnel/worker-protocol.js";
import { describePath } from "./describe-path.js";

const FLOW: FlowDescription = {
	slot: 0,
	state: "ESTABLISHED",
	application: "127.0.0.1:1",
	peer: "192.0.2.1:4567",
	localPort: 40_000,
	openedMsAgo: 10,
	lastInboundMsAgo: 5,
	segmentsSent: 1,
	segmentsReceived: 1,
	payloadBytesSent: 1,
	payloadBytesReceived: 1,
	peerLinkMtuBytes: null,
	maxPayloadBytes: 1_360,
	pathMtuBytes: null,
	isTargetDown: false,
	isPeerSilent: false,
	roundTrip: null,
	inbound: null,
};

it("says nothing where nothing was measured", () => {
	expect(describePath([FLOW])).toEqual({
		roundTrip: null,
		inbound: null,
		mtuBytes: null,
		silentFlows: 0,
	});
});

it("takes the round trip of the flow that was heard last, loss by segments, the smallest MTU", () => {
	const flows: FlowDescription[] = [
		{
			...FLOW,
			lastInboundMsAgo: 900,
			roundTrip: { smoothedMs: 10, leastMs: 8, variationMs: 1 },
			inbound: { lostPerMille: 40, latePerMille: 0, segments: 100 },
			pathMtuBytes: 1_400,
			isPeerSilent: true,
		},
		{
			...FLOW,
			roundTrip: { smoothedMs: 20, leastMs: 15, variationMs: 2 },
			inbound: { lostPerMille: 0, latePerMille: 10, segments: 300 },
			pathMtuBytes: 1_300,
		},
		FLOW,
	];
	expect(describePath(flows)).toEqual({
		roundTrip: { smoothedMs: 20, leastMs: 8 },
		inbound: { lostPerMille: 10, latePerMille: 7.5, segments: 400 },
		mtuBytes: 1_300,
		silentFlows: 1,
	});
});

// What a tunnel's flows have measured of their paths, in one statement about the tunnel.

import type { TunnelDescription } from "@tunscope/shared/lean";
import type { FlowDescription } from "../tunnel/worker-protocol.js";

type PathDescription = TunnelDescription["path"];

export function describePath(
	flows: readonly FlowDescription[],
): PathDescription {
	return {
		roundTrip: roundTripOf(flows),
		inbound: inboundOf(flows),
		mtuBytes: smallest(flows.flatMap(({ pathMtuBytes }) => pathMtuBytes ?? [])),
		silentFlows: flows.filter(({ isPeerSilent }) => isPeerSilent).length,
	};
}

function roundTripOf(
	flows: readonly FlowDescription[],
): PathDescription["roundTrip"] {
	const measured = flows
		.flatMap(({ roundTrip, lastInboundMsAgo }) =>
			roundTrip === null ? [] : [{ ...roundTrip, lastInboundMsAgo }],
		)
		.sort((one, other) => one.lastInboundMsAgo - other.lastInboundMsAgo);
	const [latest] = measured;
	if (latest === undefined) return null;
	return {
		smoothedMs: latest.smoothedMs,
		leastMs: Math.min(...measured.map(({ leastMs }) => leastMs)),
	};
}

/** Weighted by segments, so that a flow that says little says little here. */
function inboundOf(
	flows: readonly FlowDescription[],
): PathDescription["inbound"] {
	const samples = flows.flatMap(({ inbound }) => inbound ?? []);
	const segments = samples.reduce((sum, sample) => sum + sample.segments, 0);
	if (segments === 0) return null;
	const mean = (of: (sample: (typeof samples)[number]) => number): number =>
		samples.reduce((sum, sample) => sum + of(sample) * sample.segments, 0) /
		segments;
	return {
		lostPerMille: mean(({ lostPerMille }) => lostPerMille),
		latePerMille: mean(({ latePerMille }) => latePerMille),
		segments,
	};
}

function smallest(values: readonly number[]): number | null {
	return values.length === 0 ? null : Math.min(...values);
}

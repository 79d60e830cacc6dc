// What a worker tells about anomalies: the part of an event that only it knows.

import { type HeaderSummary, summariseHeaders } from "@tunscope/fake-tcp";
import type {
	AnomalyCode,
	AnomalyEvent,
	AnomalyPacket,
} from "@tunscope/shared/lean";
import { formatSocketAddress } from "../tunnel/endpoint-text.js";
import {
	type AnomalyAggregate,
	NO_SLOT,
	SAMPLE_BYTES,
} from "./anomaly-aggregate.js";
import { type MomentClock, momentBefore } from "./anomaly-moment.js";
import { parametersOf } from "./anomaly-parameters.js";

export type AnomalyReport = Pick<
	AnomalyEvent,
	| "code"
	| "flow"
	| "count"
	| "notKept"
	| "firstSeen"
	| "lastSeen"
	| "packet"
	| "parameters"
>;

export interface ReportFacts {
	readonly code: AnomalyCode;
	readonly aggregate: AnomalyAggregate;
	readonly notKept: number;
	/** Of all aggregates; only the samples in it. */
	readonly samples: Uint8Array;
	readonly clock: MomentClock;
	readonly nowMs: number;
}

export function reportOf(facts: ReportFacts): AnomalyReport {
	const { code, aggregate, notKept, samples, clock, nowMs } = facts;
	const start = aggregate.place * SAMPLE_BYTES;
	const octets = samples.subarray(start, start + aggregate.sampleLength);
	const header = summariseHeaders(octets);
	const lastSeen = momentBefore(clock, nowMs - aggregate.lastMs);
	return {
		code,
		flow: flowOf(aggregate),
		count: aggregate.count,
		notKept,
		firstSeen:
			aggregate.firstMs === aggregate.lastMs
				? lastSeen
				: momentBefore(clock, nowMs - aggregate.firstMs),
		lastSeen,
		packet: packetOf(aggregate, octets, header),
		parameters: parametersOf(code, {
			value: aggregate.value,
			other: aggregate.other,
			text: aggregate.text,
			family: familyOf(aggregate, header),
			source: header?.source ?? null,
		}),
	};
}

function flowOf(aggregate: AnomalyAggregate): AnomalyReport["flow"] {
	const { slot, family, remote, remotePort, localPort } = aggregate;
	if (slot === NO_SLOT) return null;
	const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = remote;
	const address = { family, words: [w0, w1, w2, w3] } as const;
	return { peer: formatSocketAddress(address, remotePort), localPort, slot };
}

function packetOf(
	aggregate: AnomalyAggregate,
	octets: Uint8Array,
	header: HeaderSummary | null,
): AnomalyPacket | null {
	if (octets.length === 0) return null;
	const { packetLength, faultStart, faultLength } = aggregate;
	return {
		lengthBytes: packetLength,
		start: Buffer.from(octets).toString("base64"),
		fault:
			faultLength === 0 ? null : { start: faultStart, length: faultLength },
		header,
	};
}

function familyOf(
	aggregate: AnomalyAggregate,
	header: HeaderSummary | null,
): 4 | 6 {
	if (aggregate.slot !== NO_SLOT) return aggregate.family;
	return header?.family ?? 4;
}

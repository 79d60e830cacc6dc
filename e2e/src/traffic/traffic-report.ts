// What an endpoint says about its run, and the verdict that two reports give together.

import { z } from "zod";

const latencySummary = z.object({
	p50Us: z.number(),
	p99Us: z.number(),
	maxUs: z.number(),
	samples: z.number(),
});
export type LatencySummary = Readonly<z.infer<typeof latencySummary>>;

const streamTally = z.object({
	flow: z.number(),
	/** Different sequences that arrived unchanged. */
	received: z.number(),
	payloadBytes: z.number(),
	/** Arrivals of a sequence that had arrived already. */
	duplicates: z.number(),
	/** Arrivals behind a later sequence. */
	reordered: z.number(),
	/** Arrivals whose content is not that of any datagram of this stream. */
	corrupted: z.number(),
	/** -1 when nothing arrived. */
	highestSequence: z.number(),
	/** The first sequences missing below the highest, at most 20. */
	gaps: z.array(z.number()).readonly(),
	latency: latencySummary,
});
export type StreamTally = Readonly<z.infer<typeof streamTally>>;

const endpointProgress = z.object({
	/** Datagrams of this end's stream so far. */
	sent: z.number(),
	/** Different datagrams of the judged stream so far. */
	received: z.number(),
	elapsedMs: z.number(),
});
export type EndpointProgress = Readonly<z.infer<typeof endpointProgress>>;

const endpointReport = z.object({
	/** Datagrams of this end's stream handed to the kernel, by flow. */
	sentByFlow: z.array(z.number()).readonly(),
	sent: z.number(),
	/** Socket errors, e.g. ECONNREFUSED. */
	socketErrors: z.number(),
	/** Dropped by the kernel in front of the judge: a fault of the test, not of the tunnel. */
	overflowDrops: z.number(),
	/** Datagrams that belong to no flow. */
	unattributed: z.number(),
	streams: z.array(streamTally).readonly(),
	elapsedMs: z.number(),
	/** Monotonic µs of the first and the last arrival; 0 when nothing came. */
	firstArrivalUs: z.number(),
	lastArrivalUs: z.number(),
});
export type EndpointReport = Readonly<z.infer<typeof endpointReport>>;

const endpointLine = z.discriminatedUnion("event", [
	z.object({ event: z.literal("ready"), port: z.number() }),
	endpointProgress.extend({ event: z.literal("progress") }),
	endpointReport.extend({ event: z.literal("report") }),
]);
/** One JSON line on an endpoint's standard output. */
export type EndpointLine = Readonly<z.infer<typeof endpointLine>>;

/** @param line a whole line. @returns null for one that is something else. */
export function parseEndpointLine(line: string): EndpointLine | null {
	if (!line.startsWith("{") || !line.endsWith("}")) return null;
	return endpointLine.safeParse(JSON.parse(line)).data ?? null;
}

export interface FlowVerdict extends StreamTally {
	readonly sent: number;
	readonly lost: number;
}

export interface Verdict {
	readonly sent: number;
	readonly received: number;
	readonly lost: number;
	readonly duplicates: number;
	readonly reordered: number;
	readonly corrupted: number;
	readonly unattributed: number;
	readonly overflowDrops: number;
	/** Received divided by sent, 0 to 1. */
	readonly deliveredShare: number;
	/** Payload bits per second between the first and the last arrival. */
	readonly goodputBitsPerSecond: number;
	/** Worst flow. */
	readonly p50Us: number;
	readonly p99Us: number;
	readonly flows: readonly FlowVerdict[];
}

/** Joins what the sender sent with what the judge saw. Echo traffic: both are the opener's report. */
export function joinReports(
	sender: EndpointReport,
	judge: EndpointReport,
): Verdict {
	const byFlow = new Map(judge.streams.map((tally) => [tally.flow, tally]));
	const flows = sender.sentByFlow.map((sent, flow): FlowVerdict => {
		const tally = byFlow.get(flow) ?? emptyTally(flow);
		return { ...tally, sent, lost: sent - tally.received };
	});
	const total = (pick: (flow: FlowVerdict) => number) =>
		flows.reduce((sum, flow) => sum + pick(flow), 0);
	const worst = (pick: (flow: FlowVerdict) => number) =>
		flows.reduce((most, flow) => Math.max(most, pick(flow)), 0);
	const spanUs = judge.lastArrivalUs - judge.firstArrivalUs;
	const payloadBits = total((flow) => flow.payloadBytes) * 8;
	const received = total((flow) => flow.received);
	return {
		sent: sender.sent,
		received,
		lost: sender.sent - received,
		duplicates: total((flow) => flow.duplicates),
		reordered: total((flow) => flow.reordered),
		corrupted: total((flow) => flow.corrupted),
		unattributed: judge.unattributed,
		overflowDrops: judge.overflowDrops,
		deliveredShare: sender.sent === 0 ? 0 : received / sender.sent,
		goodputBitsPerSecond: spanUs > 0 ? (payloadBits / spanUs) * 1e6 : 0,
		p50Us: worst((flow) => flow.latency.p50Us),
		p99Us: worst((flow) => flow.latency.p99Us),
		flows,
	};
}

function emptyTally(flow: number): StreamTally {
	return {
		flow,
		received: 0,
		payloadBytes: 0,
		duplicates: 0,
		reordered: 0,
		corrupted: 0,
		highestSequence: -1,
		gaps: [],
		latency: { p50Us: 0, p99Us: 0, maxUs: 0, samples: 0 },
	};
}

/** One line for people: "39996 of 40000 (99.99 %), 0 corrupted, …". */
export function describeVerdict(verdict: Verdict): string {
	const share = (verdict.deliveredShare * 100).toFixed(2);
	const megabits = (verdict.goodputBitsPerSecond / 1e6).toFixed(1);
	return [
		`${verdict.received} of ${verdict.sent} (${share} %)`,
		`${verdict.duplicates} twice`,
		`${verdict.reordered} reordered`,
		`${verdict.corrupted + verdict.unattributed} corrupted`,
		`${megabits} Mbit/s`,
		`p50 ${verdict.p50Us} µs`,
		`p99 ${verdict.p99Us} µs`,
	].join(", ");
}

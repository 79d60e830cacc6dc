// An anomaly as an event: what is told about it on the command line, over the control socket, and later to the dashboard.

import { z } from "zod";
import {
	ANOMALIES,
	ANOMALY_CODES,
	ANOMALY_DIRECTIONS,
	ANOMALY_GROUPS,
	ANOMALY_SEVERITIES,
	PARAMETER_UNITS,
} from "./anomaly-codes.js";

const count = z.number().int().nonnegative();
const moment = z.object({
	/** Wall clock. */
	at: z.iso.datetime(),
	/** Milliseconds of the host's monotonic clock, which no clock jump disturbs; for differences. */
	monotonicMs: z.number().nonnegative(),
});

/** As far as the packet's octets go; nothing here has been checked but that the octets are there. */
export const headerSummarySchema = z.object({
	family: z.union([z.literal(4), z.literal(6)]),
	/** IP header, with options or extension headers. */
	ipHeaderBytes: count,
	/** What the IP header claims, itself included. */
	totalBytes: count,
	source: z.string(),
	destination: z.string(),
	hopLimit: count,
	/** Number of what follows the IP header: 6 is TCP, 1 ICMP, 58 ICMPv6. */
	protocol: count,
	/** Null in a packet that is no fragment. */
	fragment: z
		.object({
			identification: count,
			offsetBytes: count,
			hasMore: z.boolean(),
		})
		.nullable(),
	/** Null where there is no TCP header. */
	tcp: z
		.object({
			sourcePort: count,
			destinationPort: count,
			sequence: count,
			acknowledgement: count,
			/** As the header claims. */
			headerBytes: count,
			/** "SYN|ACK"; "" when none is set. */
			controlBits: z.string(),
			window: count,
			payloadBytes: count,
		})
		.nullable(),
	/** Null where there is no ICMP header. */
	icmp: z.object({ type: count, code: count }).nullable(),
});

export const anomalyPacketSchema = z.object({
	/** Of the whole packet, from its IP header on. */
	lengthBytes: count,
	/** The first octets, at most 256, in base64. */
	start: z.base64(),
	/** Which octets were at fault, from the packet's start; null where none can be named. They may lie behind `start`. */
	fault: z.object({ start: count, length: count.min(1) }).nullable(),
	/** Null when not even an IP header can be read. */
	header: headerSummarySchema.nullable(),
});

export const anomalyEventSchema = z
	.object({
		version: z.literal(1),
		kind: z.literal("anomaly"),
		/** Counts up by one for each event of a tunnel, from 1; a gap means events that are no longer kept. */
		serial: count.min(1),
		tunnel: z.string(),
		code: z.enum(ANOMALY_CODES),
		severity: z.enum(ANOMALY_SEVERITIES),
		group: z.enum(ANOMALY_GROUPS),
		direction: z.enum(ANOMALY_DIRECTIONS),
		/** Null: of no flow, or the flow is not known. */
		flow: z
			.object({
				/** The fake-TCP peer, "192.0.2.1:4567". */
				peer: z.string(),
				localPort: count,
				slot: count,
			})
			.nullable(),
		/** Occurrences of this code and flow since the last event about them; of drops packets or datagrams. */
		count: count.min(1),
		/** Further occurrences of this code in the same time, of whatever flow: nothing but their number was kept. */
		notKept: count,
		firstSeen: moment,
		lastSeen: moment,
		/** The first of them; null where there is none to show. */
		packet: anomalyPacketSchema.nullable(),
		/** Named and typed by the code, see `ANOMALIES`; null where a value could not be found out. */
		parameters: z.record(
			z.string(),
			z.union([z.number(), z.string()]).nullable(),
		),
	})
	.superRefine((event, context) => {
		for (const complaint of parameterComplaints(event))
			context.addIssue({
				code: "custom",
				path: ["parameters"],
				message: complaint,
			});
	});

/** Where the parameters are not those of the code. */
function parameterComplaints(event: {
	readonly code: keyof typeof ANOMALIES;
	readonly parameters: Readonly<Record<string, number | string | null>>;
}): string[] {
	const expected = new Map<string, keyof typeof PARAMETER_UNITS>(
		Object.entries(ANOMALIES[event.code].parameters),
	);
	const complaints = Object.keys(event.parameters)
		.filter((name) => !expected.has(name))
		.map((name) => `${event.code} has no parameter ${name}`);
	for (const [name, unit] of expected) {
		const value = event.parameters[name];
		const type = PARAMETER_UNITS[unit] === "number" ? "number" : "string";
		if (value === undefined) complaints.push(`${name} is missing`);
		else if (value !== null && typeof value !== type)
			complaints.push(`${name} is not a ${type}`);
	}
	return complaints;
}

/** One line of `--anomalies`: the event, and its sentences in the operator's language. */
export const anomalyLineSchema = z.intersection(
	anomalyEventSchema,
	z.object({
		text: z.object({
			language: z.enum(["en", "zh-CN"]),
			happened: z.string(),
			means: z.string(),
			whatToDo: z.string(),
		}),
	}),
);

export type HeaderSummary = z.infer<typeof headerSummarySchema>;
export type AnomalyPacket = z.infer<typeof anomalyPacketSchema>;
export type AnomalyEvent = z.infer<typeof anomalyEventSchema>;
export type AnomalyLine = z.infer<typeof anomalyLineSchema>;

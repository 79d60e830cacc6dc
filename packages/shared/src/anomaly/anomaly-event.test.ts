import { describe, expect, it } from "vitest";
import { anomalyEventSchema, anomalyLineSchema } from "./anomaly-event.js";

const MOMENT = { at: "2026-11-23T03:40:00.000Z", monotonicMs: 12_345.5 };
const EVENT = {
	version: 1,
	kind: "anomaly",
	serial: 1,
	tunnel: "server_4567",
	code: "oversize-datagram",
	severity: "warn",
	group: "mtu",
	direction: "outbound",
	flow: { peer: "[2001:db8::1]:4567", localPort: 33_000, slot: 0 },
	count: 3,
	notKept: 0,
	firstSeen: MOMENT,
	lastSeen: MOMENT,
	packet: null,
	parameters: {
		datagramOctets: 1_500,
		limitOctets: 1_460,
		wireguardMtu: 1_428,
	},
};

function complaints(change: object): string {
	const result = anomalyEventSchema.safeParse({ ...EVENT, ...change });
	return result.success
		? ""
		: result.error.issues.map(({ message }) => message).join("; ");
}

describe("the schema of an anomaly", () => {
	it("takes a whole event, and one with a packet", () => {
		expect(complaints({})).toBe("");
		expect(
			complaints({
				code: "bad-tcp-checksum",
				parameters: {},
				packet: {
					lengthBytes: 44,
					start: "RQAALA==",
					fault: { start: 36, length: 2 },
					header: {
						family: 4,
						ipHeaderBytes: 20,
						totalBytes: 44,
						source: "192.0.2.1",
						destination: "192.0.2.2",
						hopLimit: 64,
						protocol: 6,
						fragment: null,
						tcp: {
							sourcePort: 1,
							destinationPort: 2,
							sequence: 4_294_967_295,
							acknowledgement: 0,
							headerBytes: 24,
							controlBits: "SYN",
							window: 65_535,
							payloadBytes: 0,
						},
						icmp: null,
					},
				},
			}),
		).toBe("");
	});

	it("holds the parameters against the code", () => {
		expect(complaints({ parameters: {} })).toContain("limitOctets is missing");
		expect(
			complaints({ parameters: { ...EVENT.parameters, limitOctets: "1460" } }),
		).toContain("limitOctets is not a number");
		expect(
			complaints({ parameters: { ...EVENT.parameters, limitOctets: null } }),
		).toBe("");
		expect(
			complaints({ parameters: { ...EVENT.parameters, colour: 3 } }),
		).toContain("has no parameter colour");
	});

	it("refuses codes and counts that cannot be", () => {
		expect(complaints({ code: "link-local-chatter" })).not.toBe("");
		expect(complaints({ count: 0 })).not.toBe("");
		expect(complaints({ notKept: -1 })).not.toBe("");
	});

	it("has the sentences in a line of --anomalies", () => {
		const text = {
			language: "zh-CN",
			happened: "。",
			means: "。",
			whatToDo: "。",
		};
		expect(anomalyLineSchema.safeParse({ ...EVENT, text }).success).toBe(true);
		expect(anomalyLineSchema.safeParse(EVENT).success).toBe(false);
	});
});

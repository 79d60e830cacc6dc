import { describe, expect, it } from "vitest";
import {
	ACCEPTANCE_WINDOW_BYTES,
	ACKNOWLEDGEMENT,
	acknowledgementPlaceOf,
	CLOSE_BYTES,
	type Decision,
	decideSegment,
	PAYLOAD,
	payloadSizeOf,
	SEQUENCE,
	type SegmentFacts,
	sequencePlaceOf,
} from "./segment-acceptance.js";
import { WIRE_PROFILES } from "./wire-profile.js";

type Sequence = keyof typeof SEQUENCE;
type Acknowledgement = keyof typeof ACKNOWLEDGEMENT;
type Payload = keyof typeof PAYLOAD;
type BitsClass =
	| "rst"
	| "syn"
	| "syn-ack"
	| "syn-and-more"
	| "plain"
	| "fin"
	| "no-ack"
	| "no-ack-fin";

const BEHIND: Sequence[] = ["octetBehind", "closeBehind", "nearBehind"];
const AHEAD: Sequence[] = ["closeAhead", "nearAhead"];
const NEAR: Sequence[] = ["exact", ...BEHIND, ...AHEAD];
const CLOSE: Sequence[] = ["exact", "octetBehind", "closeBehind", "closeAhead"];
const FAR: Sequence[] = ["farBehind", "farAhead"];
const TAKEN: BitsClass[] = ["plain", "fin"];
const DATA: Payload[] = ["octet", "more"];
const WITHOUT_ACK: BitsClass[] = ["no-ack", "no-ack-fin"];

/** Absent lists mean any. */
interface Row {
	readonly bits: BitsClass[];
	readonly sequence?: Sequence[];
	readonly acknowledgement?: Acknowledgement[];
	readonly payload?: Payload[];
	readonly quiet?: boolean;
	readonly continues?: boolean;
	readonly server?: boolean;
	readonly decision: Decision;
}

/** The default profile's whole table. Each class of segment stands in exactly one row. */
const DEFAULT_ROWS: Row[] = [
	{ bits: ["rst"], sequence: ["exact"], decision: "close" },
	{ bits: ["rst"], sequence: [...BEHIND, ...AHEAD], decision: "challenge" },
	{ bits: ["rst"], sequence: FAR, decision: "ignore-reset" },
	{ bits: ["syn"], server: true, decision: "judge-syn" },
	{ bits: ["syn"], server: false, decision: "drop-control-bits" },
	{ bits: ["syn-ack"], server: false, decision: "repeat-ack" },
	{ bits: ["syn-ack"], server: true, decision: "drop-control-bits" },
	{ bits: ["syn-and-more"], decision: "drop-control-bits" },
	{ bits: ["no-ack-fin"], decision: "drop-control-bits" },
	{ bits: ["no-ack"], payload: ["none"], decision: "drop-control-bits" },
	{ bits: ["no-ack"], payload: DATA, sequence: CLOSE, decision: "deliver" },
	{
		bits: ["no-ack"],
		payload: DATA,
		sequence: ["nearBehind", "nearAhead", ...FAR],
		decision: "drop-sequence",
	},
	{
		bits: TAKEN,
		acknowledgement: ["old", "future"],
		payload: ["none"],
		decision: "drop-acknowledgement",
	},
	{
		bits: TAKEN,
		acknowledgement: ["old", "future"],
		payload: DATA,
		decision: "answer-acknowledgement",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["none"],
		sequence: ["exact", ...AHEAD],
		decision: "accept",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["none"],
		sequence: BEHIND,
		decision: "accept-and-answer",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["none"],
		sequence: ["farBehind"],
		decision: "answer-sequence",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["none"],
		sequence: ["farAhead"],
		decision: "drop-sequence",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["more"],
		sequence: NEAR,
		decision: "deliver",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["octet"],
		sequence: NEAR.filter((place) => place !== "octetBehind"),
		decision: "deliver",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["octet"],
		sequence: ["octetBehind"],
		quiet: false,
		decision: "deliver",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: ["octet"],
		sequence: ["octetBehind"],
		quiet: true,
		decision: "answer-keepalive",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: DATA,
		sequence: ["farBehind"],
		quiet: false,
		continues: false,
		decision: "answer-sequence",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: DATA,
		sequence: ["farBehind"],
		quiet: true,
		continues: false,
		decision: "hold",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: DATA,
		sequence: ["farAhead"],
		continues: false,
		decision: "hold",
	},
	{
		bits: TAKEN,
		acknowledgement: ["valid"],
		payload: DATA,
		sequence: FAR,
		continues: true,
		decision: "resume",
	},
];

/** Stock's: any reset closes, everything with payload is data (wire.md 4.1, 4.2, 4.4). */
const STOCK_ROWS: Row[] = [
	{ bits: ["rst"], decision: "close" },
	...(["none", "octet", "more"] as const).map(
		(payload): Row => ({
			bits: ["syn", "syn-ack", "syn-and-more", ...TAKEN, ...WITHOUT_ACK],
			payload: [payload],
			decision: payload === "none" ? "accept" : "deliver",
		}),
	),
];

/** What the bits mean, without regard to PSH, URG, ECE and CWR. */
function classOf(bits: number): BitsClass {
	if ((bits & 0x04) !== 0) return "rst";
	if ((bits & 0x02) !== 0) {
		if (bits === 0x02) return "syn";
		return bits === 0x12 ? "syn-ack" : "syn-and-more";
	}
	const hasFin = (bits & 0x01) !== 0;
	if ((bits & 0x10) === 0) return hasFin ? "no-ack-fin" : "no-ack";
	return hasFin ? "fin" : "plain";
}

interface Named {
	readonly sequence: Sequence;
	readonly acknowledgement: Acknowledgement;
	readonly payload: Payload;
	readonly facts: SegmentFacts;
}

function keysOf<T extends string>(table: Record<T, number>): T[] {
	return Object.keys(table) as T[];
}

function* everySegment(): Generator<Named> {
	const flags = [false, true];
	for (let controlBits = 0; controlBits < 256; controlBits++)
		for (const sequence of keysOf(SEQUENCE))
			for (const acknowledgement of keysOf(ACKNOWLEDGEMENT))
				for (const payload of keysOf(PAYLOAD))
					for (const isPeerQuiet of flags)
						for (const continuesHeld of flags)
							for (const isServer of flags) {
								// The acknowledgement is absent exactly when its bit is.
								if (
									((controlBits & 0x10) === 0) !==
									(acknowledgement === "absent")
								)
									continue;
								const facts = {
									controlBits,
									sequence: SEQUENCE[sequence],
									acknowledgement: ACKNOWLEDGEMENT[acknowledgement],
									payload: PAYLOAD[payload],
									isPeerQuiet,
									continuesHeld,
									isServer,
								};
								yield { sequence, acknowledgement, payload, facts };
							}
}

function matches(row: Row, { facts, ...named }: Named): boolean {
	return (
		row.bits.includes(classOf(facts.controlBits)) &&
		(row.sequence?.includes(named.sequence) ?? true) &&
		(row.acknowledgement?.includes(named.acknowledgement) ?? true) &&
		(row.payload?.includes(named.payload) ?? true) &&
		(row.quiet ?? facts.isPeerQuiet) === facts.isPeerQuiet &&
		(row.continues ?? facts.continuesHeld) === facts.continuesHeld &&
		(row.server ?? facts.isServer) === facts.isServer
	);
}

describe("the decision table", () => {
	// RFC 9293 §3.10.7.4, RFC 5961 §3.2 [test]: every class of segment, both profiles.
	it.each([
		["default", DEFAULT_ROWS],
		["stock-exact", STOCK_ROWS],
	] as const)(
		"decides every class of segment as its row in %s says",
		(name, rows) => {
			const profile = WIRE_PROFILES[name];
			const hits = new Map<Row, number>();
			let walked = 0;
			for (const segment of everySegment()) {
				walked++;
				const found = rows.filter((row) => matches(row, segment));
				const [row] = found;
				if (found.length !== 1 || row === undefined)
					throw new Error(
						`${found.length} rows for ${JSON.stringify(segment)}`,
					);
				hits.set(row, (hits.get(row) ?? 0) + 1);
				const decision = decideSegment(segment.facts, profile);
				if (decision !== row.decision)
					throw new Error(
						`${decision} instead of ${row.decision} for ${JSON.stringify(segment)}`,
					);
			}
			expect(walked).toBe((128 * 1 + 128 * 3) * 8 * 3 * 8);
			expect(hits.size).toBe(rows.length);
		},
	);

	it("says of what the engine takes without asking it the same as the engine does", () => {
		for (const controlBits of [0x10, 0x18])
			for (const payload of Object.values(PAYLOAD))
				for (const isServer of [false, true]) {
					const facts: SegmentFacts = {
						controlBits,
						sequence: SEQUENCE.exact,
						acknowledgement: ACKNOWLEDGEMENT.valid,
						payload,
						isPeerQuiet: true,
						continuesHeld: true,
						isServer,
					};
					expect(decideSegment(facts, WIRE_PROFILES.default)).toBe(
						payload === PAYLOAD.none ? "accept" : "deliver",
					);
				}
	});
});

describe("places", () => {
	const W = ACCEPTANCE_WINDOW_BYTES;
	it.each([
		[0, "exact"],
		[-1, "octetBehind"],
		[-2, "closeBehind"],
		[-CLOSE_BYTES, "closeBehind"],
		[-CLOSE_BYTES - 1, "nearBehind"],
		[-W, "nearBehind"],
		[-W - 1, "farBehind"],
		[-(2 ** 31), "farBehind"],
		[1, "closeAhead"],
		[CLOSE_BYTES, "closeAhead"],
		[CLOSE_BYTES + 1, "nearAhead"],
		[W, "nearAhead"],
		[W + 1, "farAhead"],
		[2 ** 31 - 1, "farAhead"],
	] as const)("of a sequence number %i octets on: %s", (distance, place) => {
		expect(sequencePlaceOf(distance)).toBe(SEQUENCE[place]);
	});

	it.each([
		// sndUna, octets in flight, acknowledgement seen from sndUna.
		[1, 0, 0, "valid"],
		[1, 0, 1, "future"],
		[1, 0, -W, "valid"],
		[1, 0, -W - 1, "old"],
		[-10, 100, 100, "valid"],
		[-10, 100, 101, "future"],
		[2 ** 31 - 5, 3_000_000_000, 3_000_000_000, "valid"],
		[2 ** 31 - 5, 3_000_000_000, 2 ** 31, "valid"],
		[2 ** 31 - 5, 3_000_000_000, 3_000_000_001, "future"],
		[2 ** 31 - 5, 3_000_000_000, -W - 1, "old"],
	] as const)(
		"of an acknowledgement: sndUna %i, %i in flight, %i behind sndUna: %s",
		(sndUna, inFlight, distance, place) => {
			const at = (octets: number) =>
				Number(BigInt.asIntN(32, BigInt(sndUna + octets)));
			expect(acknowledgementPlaceOf(at(distance), at(0), at(inFlight))).toBe(
				ACKNOWLEDGEMENT[place],
			);
		},
	);

	it("of payload: none, one octet, more", () => {
		expect([0, 1, 2, 65_535].map(payloadSizeOf)).toEqual([0, 1, 2, 2]);
	});
});

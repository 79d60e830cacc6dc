// Valid packets of every kind that a TUN may hand over: what the mutations start from.

import {
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
	SERVER_PORT,
} from "./engine-host.js";
import {
	forgeIcmpError,
	forgePacket,
	forgeSegment,
	type SegmentParts,
} from "./packet-forge.js";
import type { SeededRandom } from "./seeded-random.js";

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const CONTROL_BITS = [
	SYN,
	SYN | ACK,
	ACK,
	ACK | PSH,
	RST,
	RST | ACK,
	FIN | ACK,
];

/** What a packet needs to be for a certain flow of the test's; each left out is drawn. */
export interface FlowHint {
	readonly family: 4 | 6;
	readonly source: string;
	readonly destination: string;
	readonly sourcePort: number;
	readonly destinationPort: number;
	/** The receiver's rcvNxt and sndNxt. */
	readonly seq: number;
	readonly ack: number;
}

/** A flow towards this package's test server that may or may not exist. */
export function anyFlowHint(random: SeededRandom): FlowHint {
	const family = random.pick([4, 6] as const);
	return {
		family,
		source: family === 4 ? CLIENT_ADDRESS : CLIENT_ADDRESS6,
		destination: family === 4 ? SERVER_ADDRESS : SERVER_ADDRESS6,
		sourcePort: random.between(40_000, 40_003),
		destinationPort: random.chance(0.9) ? SERVER_PORT : random.below(0x10000),
		seq: random.pick([0, 1, random.word() >>> 0]),
		ack: random.pick([0, 1, random.word() >>> 0]),
	};
}

/** Near the number, far from it, or anywhere on the circle. */
function sequenceNear(number: number, random: SeededRandom): number {
	const distance = random.pick([
		0,
		0,
		0,
		-1,
		1,
		random.between(-3_000, 3_000),
		random.pick([-1, 1]) * random.between(4_194_000, 4_195_000),
		random.word(),
	]);
	return (number + distance) >>> 0;
}

function anyOptions(random: SeededRandom): Uint8Array {
	return random.pick([
		Uint8Array.of(),
		Uint8Array.of(1, 3, 3, 14),
		Uint8Array.of(1, 3, 3, 14, 2, 4, 5, 180),
		Uint8Array.of(2, 4, 2, 24, 1, 3, 3, 14),
		Uint8Array.of(4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0),
	]);
}

/** A segment of the hinted flow, mostly one that fits it. */
export function anySegmentOf(hint: FlowHint, random: SeededRandom): Uint8Array {
	const bits = random.chance(0.9)
		? random.pick(CONTROL_BITS)
		: random.below(256);
	const hasOptions = (bits & SYN) !== 0 || random.chance(0.1);
	const segment: SegmentParts = {
		sourcePort: hint.sourcePort,
		destinationPort: hint.destinationPort,
		seq: sequenceNear(hint.seq, random),
		ack: sequenceNear(hint.ack, random),
		bits,
		window: random.chance(0.7) ? 0xffff : random.oddNumber16(),
		options: hasOptions ? anyOptions(random) : Uint8Array.of(),
		payload: random.bytes(random.pick([0, 0, 1, 8, 33, random.below(90)])),
	};
	const { family, source, destination } = hint;
	return forgeSegment(
		{
			family,
			source,
			destination,
			identification: random.below(0x10000),
			ipOptions:
				random.chance(0.05) && family === 4
					? new Uint8Array(4 * random.below(11)).fill(1)
					: Uint8Array.of(),
			extensions:
				random.chance(0.05) && family === 6
					? [{ number: random.pick([0, 43, 60]), bytes: new Uint8Array(8) }]
					: [],
		},
		segment,
	);
}

/** An ICMP error about a segment that the receiver may have sent in the hinted flow. */
function anyIcmpErrorOf(hint: FlowHint, random: SeededRandom): Uint8Array {
	const quoted = forgeSegment(
		{
			family: hint.family,
			source: hint.destination,
			destination: hint.source,
		},
		{
			sourcePort: hint.destinationPort,
			destinationPort: hint.sourcePort,
			seq: sequenceNear(hint.ack, random),
			ack: hint.seq,
			bits: ACK,
			payload: random.bytes(20),
		},
	);
	const isIpv4 = hint.family === 4;
	return forgeIcmpError(
		{
			family: hint.family,
			source: random.pick([hint.source, isIpv4 ? "198.18.9.1" : "2001:db8::9"]),
			destination: hint.destination,
		},
		{
			type: isIpv4
				? random.pick([3, 3, 11, 12, 8])
				: random.pick([2, 1, 3, 128]),
			code: random.pick([0, 1, 4, 13]),
			parameter: random.pick([0, 68, 576, 1_280, 1_400, 1_500, 65_535]),
			quoted: quoted.subarray(
				0,
				random.pick([quoted.length, isIpv4 ? 28 : 48, random.below(60)]),
			),
		},
	);
}

/** A packet for the hinted flow: a segment, an ICMP error about one, or one that has nothing to do with TCP. */
export function anyPacketOf(hint: FlowHint, random: SeededRandom): Uint8Array {
	if (random.chance(0.84)) return anySegmentOf(hint, random);
	if (random.chance(0.6)) return anyIcmpErrorOf(hint, random);
	const { family, source } = hint;
	return forgePacket({
		family,
		source,
		destination: random.pick([
			hint.destination,
			family === 4 ? "224.0.0.251" : "ff02::2",
		]),
		protocol: random.pick([2, 17, 58, 47, 59]),
		body: random.bytes(random.below(60)),
	});
}

/** Any of them, for no flow in particular. */
export function anyPacket(random: SeededRandom): Uint8Array {
	return anyPacketOf(anyFlowHint(random), random);
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Flow } from "../flow/flow.js";
import { WIRE_PROFILES } from "../flow/wire-profile.js";
import { finishChecksum, toHex } from "../testing/index.js";
import { forgeSegment } from "../testing/packet-forge.js";
import { parametersOf, timeLimitMs } from "../testing/property-run.js";
import { formatIpAddress, type IpAddress } from "../wire/ip-address.js";
import { ACCEPT, SegmentView } from "../wire/segment-view.js";
import {
	HEADER_SLOT_BYTES,
	SegmentDraft,
	SegmentWriter,
} from "./segment-writer.js";

const PAYLOAD = HEADER_SLOT_BYTES;
const PACKET = 4_096;
const arena = new Uint8Array(8_192);
const view = new SegmentView(arena);
const MAPPED = 0xffff;

const address4 = fc
	.integer()
	.map((word): IpAddress => ({ family: 4, words: [0, 0, MAPPED, word] }));
const word = fc.integer();
const address6 = fc
	.tuple(word, word, word, word)
	.map((words): IpAddress => ({ family: 6, words }));
const port = fc.integer({ min: 0, max: 0xffff });

const anySegment = fc.record({
	family: fc.constantFrom(4 as const, 6 as const),
	local: fc.record({ 4: address4, 6: address6 }),
	remote: fc.record({ 4: address4, 6: address6 }),
	localPort: port,
	remotePort: port,
	controlBits: fc.integer({ min: 0, max: 255 }),
	seq: fc.integer(),
	ack: fc.integer(),
	window: port,
	hasWindowScale: fc.boolean(),
	mss: fc.oneof(fc.constant(0), port),
	payload: fc.uint8Array({ maxLength: 40 }),
	identification: port,
});

type AnySegment = typeof anySegment extends fc.Arbitrary<infer T> ? T : never;

/** What the engine puts on the wire, one segment of it. */
function written(segment: AnySegment): Uint8Array {
	const writer = new SegmentWriter({
		arena,
		region: { offset: 0, length: HEADER_SLOT_BYTES },
		profile: WIRE_PROFILES.default,
		local: segment.local,
	});
	const flow = new Flow(0);
	flow.family = segment.family;
	flow.key.set(segment.remote[segment.family].words);
	flow.localPort = segment.localPort;
	flow.remotePort = segment.remotePort;
	flow.nextIdentification = segment.identification;
	writer.prepare(flow);
	const draft = new SegmentDraft();
	draft.reset(segment.controlBits, segment.seq, segment.ack);
	draft.window = segment.window;
	draft.hasWindowScale = segment.hasWindowScale;
	draft.mss = segment.mss;
	draft.payloadBytes = segment.payload.length;
	writer.write(flow, draft);
	const { offset, length } = writer.written;
	const packet = new Uint8Array(length + segment.payload.length);
	packet.set(arena.subarray(offset, offset + length));
	packet.set(segment.payload, length);
	return finishChecksum(packet);
}

function optionsOf({ hasWindowScale, mss }: AnySegment): Uint8Array {
	return Uint8Array.of(
		...(hasWindowScale ? [1, 3, 3, 14] : []),
		...(mss === 0 ? [] : [2, 4, mss >> 8, mss & 255]),
	);
}

/** The same from the slow builder, which shares nothing with the writer. */
function forged(segment: AnySegment): Uint8Array {
	const { family } = segment;
	return forgeSegment(
		{
			family,
			source: formatIpAddress(segment.local[family]),
			destination: formatIpAddress(segment.remote[family]),
			identification: segment.identification,
		},
		{
			sourcePort: segment.localPort,
			destinationPort: segment.remotePort,
			seq: segment.seq,
			ack: segment.ack,
			bits: segment.controlBits,
			window: segment.window,
			options: optionsOf(segment),
			payload: segment.payload,
		},
	);
}

/** A TCP checksum has two zeros; both sum to all ones. */
function isSame(left: Uint8Array, right: Uint8Array, checksum: number) {
	if (left.length !== right.length) return false;
	for (const [at, octet] of left.entries()) {
		if (at === checksum || at === checksum + 1) continue;
		if (octet !== right[at]) return false;
	}
	return true;
}

function check(segment: AnySegment): void {
	const packet = written(segment);
	const expected = forged(segment);
	const tcp = segment.family === 4 ? 20 : 40;
	if (!isSame(packet, expected, tcp + 16))
		expect(toHex(packet)).toBe(toHex(expected));
	arena.set(packet, PACKET);
	expectEqual(view.bind(PACKET, packet.length), ACCEPT);
	expectEqual(view.verifyTcpChecksum(), true);
	expectEqual(view.family, segment.family);
	expectEqual(view.segSeq, segment.seq);
	expectEqual(view.segAck, segment.ack);
	expectEqual(view.controlBits, segment.controlBits);
	expectEqual(view.window, segment.window);
	expectEqual(view.sourcePort, segment.localPort);
	expectEqual(view.destinationPort, segment.remotePort);
	expectEqual(view.payloadLength, segment.payload.length);
	expectEqual(view.packetLength, packet.length);
	for (const [index, value] of segment.local[segment.family].words.entries())
		expectEqual(view.source[index], value);
	for (const [index, value] of segment.remote[segment.family].words.entries())
		expectEqual(view.destination[index], value);
}

/** `expect` itself costs more than all the rest. */
function expectEqual<T>(found: T, wanted: T): void {
	if (found !== wanted) expect(found).toBe(wanted);
}

describe("what the engine writes", () => {
	it(
		"is what a slow builder writes, and is read back field by field",
		() => {
			fc.assert(
				fc.property(anySegment, check),
				parametersOf("segments round trip"),
			);
		},
		timeLimitMs(),
	);

	it("leaves the payload's place alone", () => {
		arena.fill(0x5a, PAYLOAD, PAYLOAD + 64);
		const [segment] = fc.sample(anySegment, { numRuns: 1, seed: 1 });
		if (segment === undefined) throw new Error("no sample");
		written(segment);
		expect(arena.subarray(PAYLOAD, PAYLOAD + 64)).toEqual(
			new Uint8Array(64).fill(0x5a),
		);
	});
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineHost, type WirePacket } from "../testing/index.js";
import { checksumAdd, checksumFinish } from "./checksum.js";
import { DROP, type DropReasonName } from "./drop-reason.js";
import { ACCEPT, FRAGMENT, ICMP_ERROR, SegmentView } from "./segment-view.js";

const arena = new Uint8Array(4_096);
const view = new SegmentView(arena);

/** Somewhere inside, so that a wrong offset shows. */
const AT = 37;

function bind(bytes: Uint8Array): number {
	arena.fill(0xee);
	arena.set(bytes, AT);
	return view.bind(AT, bytes.length);
}

function segment(family: 4 | 6): Uint8Array {
	const host = new EngineHost({ role: "client" });
	const flow = host.open(0, family);
	const [syn] = host.takeSent() as [WirePacket];
	expect(flow.state).toBe("SYN-SENT");
	return syn.bytes;
}

function withIpv4Checksum(bytes: Uint8Array): Uint8Array {
	const header = new DataView(bytes.buffer, bytes.byteOffset);
	const length = Math.min(bytes.length & ~1, ((bytes[0] ?? 0) & 15) * 4);
	header.setUint16(10, 0);
	header.setUint16(10, checksumFinish(checksumAdd(header, 0, length, 0)));
	return bytes;
}

function edited(
	family: 4 | 6,
	edit: (bytes: Uint8Array, header: DataView) => void,
): Uint8Array {
	const bytes = Uint8Array.from(segment(family));
	edit(bytes, new DataView(bytes.buffer));
	return family === 4 ? withIpv4Checksum(bytes) : bytes;
}

/** Puts `inserted` octets between the IP header and what follows it. */
function inserted(
	family: 4 | 6,
	extra: Uint8Array,
	edit: (header: DataView) => void,
): Uint8Array {
	const whole = segment(family);
	const ip = family === 4 ? 20 : 40;
	const bytes = new Uint8Array(whole.length + extra.length);
	bytes.set(whole.subarray(0, ip));
	bytes.set(extra, ip);
	bytes.set(whole.subarray(ip), ip + extra.length);
	const header = new DataView(bytes.buffer);
	if (family === 4) header.setUint16(2, bytes.length);
	else header.setUint16(4, bytes.length - 40);
	edit(header);
	return family === 4 ? withIpv4Checksum(bytes) : bytes;
}

/** Overwrites octets: pairs of offset and values. */
function put(
	bytes: Uint8Array,
	...writes: readonly (readonly [number, readonly number[]])[]
): void {
	for (const [at, values] of writes) bytes.set(values, at);
}

describe("a segment view", () => {
	it.each([4, 6] as const)(
		"reads back what the engine wrote, over IPv%i",
		(family) => {
			expect(bind(segment(family))).toBe(ACCEPT);
			expect(view.family).toBe(family);
			expect(view.destinationPort).toBe(4_567);
			expect(view.controlBits).toBe(2);
			expect(view.segSeq).toBe(0);
			expect(view.window).toBe(0xffff);
			expect(view.payloadLength).toBe(0);
			expect(view.verifyTcpChecksum()).toBe(true);
		},
	);

	const refused: [string, DropReasonName, () => Uint8Array][] = [
		["no bytes", "empty-read", () => new Uint8Array(0)],
		[
			"version 5",
			"bad-ip-version",
			() => edited(6, (bytes) => bytes.fill(0x50, 0, 1)),
		],
		["version 0", "bad-ip-version", () => Uint8Array.of(0)],
		["19 octets of IPv4", "truncated", () => segment(4).slice(0, 19)],
		["39 octets of IPv6", "truncated", () => segment(6).slice(0, 39)],
		[
			"IHL 4",
			"bad-ip-header-length",
			() => edited(4, (bytes) => bytes.fill(0x44, 0, 1)),
		],
		[
			"IHL 15 in 48 octets",
			"bad-ip-header-length",
			() => edited(4, (bytes) => bytes.fill(0x4f, 0, 1)),
		],
		[
			"total length past the buffer",
			"truncated",
			() => edited(4, (bytes, header) => header.setUint16(2, bytes.length + 1)),
		],
		[
			"total length under the header",
			"truncated",
			() => edited(4, (_, header) => header.setUint16(2, 19)),
		],
		[
			"payload length past the buffer",
			"truncated",
			() =>
				edited(6, (bytes, header) => header.setUint16(4, bytes.length - 39)),
		],
		[
			"a wrong header checksum",
			"bad-ip-checksum",
			() => edited(4, () => {}).with(8, 1),
		],
		[
			"a fragment of UDP",
			"not-tcp",
			() => edited(4, (bytes) => put(bytes, [6, [0x20]], [9, [17]])),
		],
		[
			"a fragment of an ICMP error",
			"not-tcp",
			() => edited(4, (bytes) => put(bytes, [6, [0x20]], [9, [1]], [20, [3]])),
		],
		[
			"a multicast fragment",
			"link-local-chatter",
			() =>
				edited(4, (bytes) =>
					put(bytes, [6, [0x20]], [9, [17]], [16, [224, 0, 0, 251]]),
				),
		],
		[
			"an IPv6 fragment of UDP",
			"not-tcp",
			() => edited(6, (bytes) => put(bytes, [6, [44]], [40, [17, 0, 0, 1]])),
		],
		[
			"an IPv6 fragment of an ICMPv6 error",
			"not-tcp",
			() => edited(6, (bytes) => put(bytes, [6, [44]], [40, [58, 0, 0, 1]])),
		],
		[
			"half a Fragment header",
			"bad-extension-chain",
			() =>
				edited(6, (bytes, header) => {
					put(bytes, [6, [44]], [40, [6, 0, 0, 1]]);
					header.setUint16(4, 7);
				}),
		],
		["UDP", "not-tcp", () => edited(4, (bytes) => bytes.fill(17, 9, 10))],
		[
			"UDP over IPv6",
			"not-tcp",
			() => edited(6, (bytes) => bytes.fill(17, 6, 7)),
		],
		[
			"ICMP echo",
			"not-tcp",
			() => edited(4, (bytes) => put(bytes, [9, [1]], [20, [8]])),
		],
		[
			"a router solicitation",
			"link-local-chatter",
			() => edited(6, (bytes) => put(bytes, [6, [58]], [40, [133]])),
		],
		[
			"multicast UDP",
			"link-local-chatter",
			() => edited(4, (bytes) => put(bytes, [9, [17]], [16, [224, 0, 0, 251]])),
		],
		[
			"data offset 4",
			"bad-data-offset",
			() => edited(4, (bytes) => bytes.fill(0x40, 32, 33)),
		],
		[
			"data offset past the segment",
			"bad-data-offset",
			() => edited(4, (bytes) => bytes.fill(0xf0, 32, 33)),
		],
		[
			"19 octets of TCP",
			"truncated",
			() => edited(4, (_, header) => header.setUint16(2, 39)),
		],
		[
			"an extension header past the end",
			"bad-extension-chain",
			() => edited(6, (bytes) => put(bytes, [6, [0]], [40, [6, 200]])),
		],
		[
			"nine extension headers",
			"bad-extension-chain",
			() =>
				inserted(
					6,
					new Uint8Array(72).map((_, at) => (at % 8 === 0 ? 60 : 0)),
					(header) => header.setUint8(6, 60),
				),
		],
	];
	it.each(refused)("refuses %s as %s", (_name, reason, make) => {
		expect(bind(make())).toBe(DROP[reason]);
	});

	it("honours IPv4 options and IPv6 extension headers", () => {
		expect(
			bind(
				inserted(4, new Uint8Array(8).fill(1), (header) =>
					header.setUint8(0, 0x47),
				),
			),
		).toBe(ACCEPT);
		expect(view.destinationPort).toBe(4_567);
		const chain = Uint8Array.of(
			60,
			0,
			0,
			0,
			0,
			0,
			0,
			0,
			6,
			1,
			...new Uint8Array(14),
		);
		expect(bind(inserted(6, chain, (header) => header.setUint8(6, 0)))).toBe(
			ACCEPT,
		);
		expect(view.destinationPort).toBe(4_567);
		expect(view.verifyTcpChecksum()).toBe(true);
	});

	const IN_FRONT = 40;
	const fragments: [string, () => Uint8Array, object][] = [
		[
			"a first one",
			() => edited(4, (_, header) => header.setUint32(4, 0xbeef2000)),
			{ identification: 0xbeef, start: 0, hasMore: true, headerLength: 20 },
		],
		[
			"a tail",
			() => edited(4, (_, header) => header.setUint32(4, 0x000100b9)),
			{ identification: 1, start: 1_480, hasMore: false, length: 28 },
		],
		[
			"one with options",
			() =>
				inserted(4, new Uint8Array(8).fill(1), (header) => {
					header.setUint8(0, 0x47);
					header.setUint16(6, 0x3fff);
				}),
			{ start: 65_528, hasMore: true, headerLength: 28, protocol: 6 },
		],
		[
			"an IPv6 one",
			() =>
				edited(6, (bytes) =>
					put(bytes, [6, [44]], [IN_FRONT, [6, 0xff, 5, 0xa9, 1, 2, 3, 4]]),
				),
			{
				identification: 0x01020304,
				start: 1_448,
				hasMore: true,
				length: 20,
				headerLength: 40,
				namedAt: 6,
				protocol: 6,
			},
		],
	];
	it.each(fragments)("reads what %s says of itself", (_name, make, said) => {
		const bytes = make();
		expect(bind(bytes)).toBe(FRAGMENT);
		expect(view.fragment).toMatchObject(said);
		expect(view.fragment.packetLength).toBe(bytes.length);
		expect(view.packetLength).toBe(bytes.length);
		expect(view.fragment.payloadOffset + view.fragment.length).toBe(
			AT + bytes.length,
		);
	});

	it("takes an atomic fragment for the whole packet that it is (RFC 6946)", () => {
		const atomic = Uint8Array.of(6, 0, 0, 0, 1, 2, 3, 4);
		expect(bind(inserted(6, atomic, (header) => header.setUint8(6, 44)))).toBe(
			ACCEPT,
		);
		expect(view.destinationPort).toBe(4_567);
		expect(view.verifyTcpChecksum()).toBe(true);
	});

	it("leaves padding behind the packet out", () => {
		const whole = segment(4);
		const padded = new Uint8Array(whole.length + 6).fill(0xaa);
		padded.set(whole);
		expect(bind(padded)).toBe(ACCEPT);
		expect(view.payloadLength).toBe(0);
	});

	it("takes ICMP errors for evidence", () => {
		expect(bind(edited(4, (bytes) => put(bytes, [9, [1]], [20, [3]])))).toBe(
			ICMP_ERROR,
		);
		expect(bind(edited(6, (bytes) => put(bytes, [6, [58]], [40, [2]])))).toBe(
			ICMP_ERROR,
		);
	});

	it("never throws, and never accepts a field outside the packet, whatever the bytes", () => {
		const seed = fc.constantFrom(segment(4), segment(6));
		const edits = fc.array(fc.tuple(fc.nat(59), fc.nat(255)), { maxLength: 8 });
		fc.assert(
			fc.property(
				fc.oneof(fc.uint8Array({ maxLength: 90 }), seed),
				edits,
				fc.boolean(),
				(start, changes, fixChecksum) => {
					const bytes = Uint8Array.from(start);
					for (const [at, value] of changes)
						if (at < bytes.length) bytes[at] = value;
					if (fixChecksum && bytes.length >= 20) withIpv4Checksum(bytes);
					const verdict = bind(bytes);
					if (verdict === FRAGMENT) {
						const { payloadOffset, length, start } = view.fragment;
						expect(payloadOffset).toBeGreaterThanOrEqual(AT + 20);
						expect(payloadOffset + length).toBeLessThanOrEqual(
							AT + bytes.length,
						);
						expect(length).toBeGreaterThanOrEqual(0);
						expect(start % 8).toBe(0);
					}
					if (verdict !== ACCEPT) return;
					expect(view.tcpOffset).toBeGreaterThanOrEqual(AT + 20);
					expect(view.payloadOffset + view.payloadLength).toBe(
						view.tcpOffset + view.tcpLength,
					);
					expect(view.payloadLength).toBeGreaterThanOrEqual(0);
					expect(view.tcpOffset + view.tcpLength).toBeLessThanOrEqual(
						AT + bytes.length,
					);
					view.verifyTcpChecksum();
				},
			),
			{ numRuns: 20_000 },
		);
	});
});

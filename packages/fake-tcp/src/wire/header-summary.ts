// The fields of a packet's headers for people and records, read as far as its octets go; nothing is believed and nothing throws.

import { formatIpAddress, MAPPED_PREFIX_WORD } from "./ip-address.js";
import { IPV4_FIELD, IPV4_FRAGMENT_MASK, IPV4_HEADER_BYTES } from "./ipv4.js";
import { IPV6_FIELD, IPV6_HEADER_BYTES } from "./ipv6.js";
import { TCP_FIELD, TCP_HEADER_BYTES, TCP_PROTOCOL } from "./tcp.js";

const ICMPV4_PROTOCOL = 1;
const ICMPV6_PROTOCOL = 58;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET_MASK = 0x1fff;
const IPV6_FRAGMENT_HEADER = 44;
/** Hop-by-hop options, routing, destination options: RFC 8200 §4. */
const SKIPPED_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const MAX_EXTENSION_HEADERS = 8;
/** RFC 9293 §3.1 and RFC 3168 §6.1, from bit 0. */
const CONTROL_BIT_NAMES = [
	"FIN",
	"SYN",
	"RST",
	"PSH",
	"ACK",
	"URG",
	"ECE",
	"CWR",
] as const;

/** Lengths and offsets in octets; sequence numbers unsigned. */
export interface HeaderSummary {
	readonly family: 4 | 6;
	/** With options or extension headers. */
	readonly ipHeaderBytes: number;
	/** What the IP header claims, itself included. */
	readonly totalBytes: number;
	readonly source: string;
	readonly destination: string;
	readonly hopLimit: number;
	/** Of what follows the IP header. */
	readonly protocol: number;
	/** Null in a packet that is no fragment. */
	readonly fragment: {
		readonly identification: number;
		readonly offsetBytes: number;
		readonly hasMore: boolean;
	} | null;
	/** Null where there is no whole TCP header: another protocol, a later fragment, a short packet. */
	readonly tcp: TcpSummary | null;
	readonly icmp: { readonly type: number; readonly code: number } | null;
}

interface TcpSummary {
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly sequence: number;
	readonly acknowledgement: number;
	/** As the header claims, also where that cannot be. */
	readonly headerBytes: number;
	/** "SYN|ACK"; "" when none is set. */
	readonly controlBits: string;
	readonly window: number;
	/** By the claimed lengths; 0 where they contradict each other. */
	readonly payloadBytes: number;
}

type InternetPart = Omit<HeaderSummary, "tcp" | "icmp">;

/**
 * @param packet from its IP header on; may be cut off anywhere.
 * @returns null when there is not even a fixed IP header.
 */
export function summariseHeaders(packet: Uint8Array): HeaderSummary | null {
	if (packet.length === 0) return null;
	const view = new DataView(
		packet.buffer,
		packet.byteOffset,
		packet.byteLength,
	);
	const version = view.getUint8(0) >>> 4;
	const ip =
		version === 4 ? ipv4Part(view) : version === 6 ? ipv6Part(view) : null;
	if (ip === null) return null;
	const isFirstPiece = ip.fragment === null || ip.fragment.offsetBytes === 0;
	return {
		...ip,
		tcp:
			ip.protocol === TCP_PROTOCOL && isFirstPiece ? tcpPart(view, ip) : null,
		icmp: isFirstPiece ? icmpPart(view, ip) : null,
	};
}

function ipv4Part(view: DataView): InternetPart | null {
	if (view.byteLength < IPV4_HEADER_BYTES) return null;
	const pieces = view.getUint16(IPV4_FIELD.flagsAndFragmentOffset);
	const address = (at: number): string =>
		formatIpAddress({
			family: 4,
			words: [0, 0, MAPPED_PREFIX_WORD, view.getInt32(at)],
		});
	return {
		family: 4,
		ipHeaderBytes: (view.getUint8(0) & 0x0f) * 4,
		totalBytes: view.getUint16(IPV4_FIELD.totalLength),
		source: address(IPV4_FIELD.source),
		destination: address(IPV4_FIELD.destination),
		hopLimit: view.getUint8(IPV4_FIELD.timeToLive),
		protocol: view.getUint8(IPV4_FIELD.protocol),
		fragment:
			(pieces & IPV4_FRAGMENT_MASK) === 0
				? null
				: {
						identification: view.getUint16(IPV4_FIELD.identification),
						offsetBytes: (pieces & FRAGMENT_OFFSET_MASK) * 8,
						hasMore: (pieces & MORE_FRAGMENTS) !== 0,
					},
	};
}

function ipv6Part(view: DataView): InternetPart | null {
	if (view.byteLength < IPV6_HEADER_BYTES) return null;
	const address = (at: number): string =>
		formatIpAddress({
			family: 6,
			words: [
				view.getInt32(at),
				view.getInt32(at + 4),
				view.getInt32(at + 8),
				view.getInt32(at + 12),
			],
		});
	return {
		family: 6,
		totalBytes: IPV6_HEADER_BYTES + view.getUint16(IPV6_FIELD.payloadLength),
		source: address(IPV6_FIELD.source),
		destination: address(IPV6_FIELD.destination),
		hopLimit: view.getUint8(IPV6_FIELD.hopLimit),
		...extensionsOf(view),
	};
}

/** Walks the extension headers as far as they are there; a fragment header is noted and passed. */
function extensionsOf(
	view: DataView,
): Pick<InternetPart, "ipHeaderBytes" | "protocol" | "fragment"> {
	let protocol = view.getUint8(IPV6_FIELD.nextHeader);
	let at = IPV6_HEADER_BYTES;
	let fragment: InternetPart["fragment"] = null;
	for (let walked = 0; walked < MAX_EXTENSION_HEADERS; walked++) {
		if (at + 8 > view.byteLength) break;
		const isFragment = protocol === IPV6_FRAGMENT_HEADER;
		if (!isFragment && !SKIPPED_EXTENSIONS.has(protocol)) break;
		protocol = view.getUint8(at);
		// RFC 8200 §4.5: a fragment header has 8 octets and no length of its own.
		if (isFragment) {
			const offsetAndFlag = view.getUint16(at + 2);
			fragment = {
				identification: view.getUint32(at + 4),
				offsetBytes: offsetAndFlag & 0xfff8,
				hasMore: (offsetAndFlag & 1) !== 0,
			};
			at += 8;
			// What follows in a later fragment is not a header.
			if (fragment.offsetBytes > 0) break;
		} else at += (view.getUint8(at + 1) + 1) * 8;
	}
	return { ipHeaderBytes: at, protocol, fragment };
}

function tcpPart(view: DataView, ip: InternetPart): TcpSummary | null {
	const start = ip.ipHeaderBytes;
	if (start + TCP_HEADER_BYTES > view.byteLength) return null;
	const headerBytes = (view.getUint8(start + TCP_FIELD.dataOffset) >>> 4) * 4;
	const bits = view.getUint8(start + TCP_FIELD.controlBits);
	return {
		sourcePort: view.getUint16(start + TCP_FIELD.sourcePort),
		destinationPort: view.getUint16(start + TCP_FIELD.destinationPort),
		sequence: view.getUint32(start + TCP_FIELD.sequence),
		acknowledgement: view.getUint32(start + TCP_FIELD.acknowledgement),
		headerBytes,
		controlBits: CONTROL_BIT_NAMES.filter(
			(_, bit) => (bits & (1 << bit)) !== 0,
		).join("|"),
		window: view.getUint16(start + TCP_FIELD.window),
		payloadBytes: Math.max(0, ip.totalBytes - start - headerBytes),
	};
}

function icmpPart(view: DataView, ip: InternetPart): HeaderSummary["icmp"] {
	const isIcmp =
		ip.protocol === (ip.family === 4 ? ICMPV4_PROTOCOL : ICMPV6_PROTOCOL);
	const start = ip.ipHeaderBytes;
	if (!isIcmp || start + 2 > view.byteLength) return null;
	return { type: view.getUint8(start), code: view.getUint8(start + 1) };
}

// TCP in IP packets, read slowly and obviously: for the in-memory devices, and as reference for the native code.

/** Where a whole TCP segment lies in an IP packet; lengths in bytes. */
export interface TcpLocation {
	readonly ipVersion: 4 | 6;
	readonly tcpOffset: number;
	readonly tcpHeaderLength: number;
	/** TCP header and payload. */
	readonly tcpLength: number;
}

const TCP = 6;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const MAX_EXTENSION_HEADERS = 8;

/** The byte at `at`, 0 behind the end. */
export function byteAt(bytes: Uint8Array, at: number): number {
	return bytes[at] ?? 0;
}

/** Big-endian 16 bits. */
export function numberAt(bytes: Uint8Array, at: number): number {
	return byteAt(bytes, at) * 256 + byteAt(bytes, at + 1);
}

function withTcpHeader(
	packet: Uint8Array,
	found: Omit<TcpLocation, "tcpHeaderLength">,
): TcpLocation | null {
	if (found.tcpLength < 20) {
		return null;
	}
	const tcpHeaderLength = (byteAt(packet, found.tcpOffset + 12) >> 4) * 4;
	if (tcpHeaderLength < 20 || tcpHeaderLength > found.tcpLength) {
		return null;
	}
	return { ...found, tcpHeaderLength };
}

function locateInIpv4(packet: Uint8Array): TcpLocation | null {
	const headerLength = (byteAt(packet, 0) & 15) * 4;
	const totalLength = numberAt(packet, 2);
	const isFragment = (numberAt(packet, 6) & 0x3fff) !== 0;
	if (
		packet.length < 20 ||
		headerLength < 20 ||
		totalLength < headerLength ||
		totalLength > packet.length ||
		isFragment ||
		byteAt(packet, 9) !== TCP
	) {
		return null;
	}
	return withTcpHeader(packet, {
		ipVersion: 4,
		tcpOffset: headerLength,
		tcpLength: totalLength - headerLength,
	});
}

/** Length of an extension header, null when what follows is not a whole TCP segment to sum. */
function extensionLength(
	packet: Uint8Array,
	at: number,
	kind: number,
): number | null {
	const generic = (byteAt(packet, at + 1) + 1) * 8;
	if (kind === HOP_BY_HOP || kind === DESTINATION_OPTIONS) {
		return generic;
	}
	if (kind === ROUTING) {
		return byteAt(packet, at + 3) === 0 ? generic : null;
	}
	if (kind === FRAGMENT) {
		const isAtomic = (numberAt(packet, at + 2) & 0xfff9) === 0;
		return isAtomic ? 8 : null;
	}
	return null;
}

function locateInIpv6(packet: Uint8Array): TcpLocation | null {
	const end = 40 + numberAt(packet, 4);
	if (packet.length < 40 || end > packet.length) {
		return null;
	}
	let kind = byteAt(packet, 6);
	let at = 40;
	for (let walked = 0; kind !== TCP; walked += 1) {
		if (walked === MAX_EXTENSION_HEADERS || at + 8 > end) {
			return null;
		}
		const length = extensionLength(packet, at, kind);
		if (length === null || at + length > end) {
			return null;
		}
		kind = byteAt(packet, at);
		at += length;
	}
	return withTcpHeader(packet, {
		ipVersion: 6,
		tcpOffset: at,
		tcpLength: end - at,
	});
}

/** Null when the packet is malformed, cut short, a fragment, or not TCP. */
export function locateWholeTcp(packet: Uint8Array): TcpLocation | null {
	const version = byteAt(packet, 0) >> 4;
	if (version === 4) {
		return locateInIpv4(packet);
	}
	return version === 6 ? locateInIpv6(packet) : null;
}

/** RFC 1071: the one's complement sum of 16-bit words, an odd last byte padded with zero. */
export function onesComplementSum(bytes: Uint8Array): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2) {
		sum += numberAt(bytes, at);
		if (sum > 0xffff) {
			sum -= 0xffff;
		}
	}
	return sum;
}

/** Sum over the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) of a packet with this much TCP. */
export function pseudoHeaderSum(packet: Uint8Array, tcpLength: number): number {
	const isIpv4 = byteAt(packet, 0) >> 4 === 4;
	const addresses = isIpv4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
	const rest = [
		tcpLength >>> 24,
		(tcpLength >>> 16) & 0xff,
		(tcpLength >>> 8) & 0xff,
		tcpLength & 0xff,
		0,
		TCP,
	];
	return onesComplementSum(Uint8Array.from([...addresses, ...rest]));
}

/** True when the segment's checksum is right. */
export function hasRightChecksum(
	packet: Uint8Array,
	{ tcpOffset, tcpLength }: TcpLocation,
): boolean {
	const segment = packet.subarray(tcpOffset, tcpOffset + tcpLength);
	const sum = onesComplementSum(segment) + pseudoHeaderSum(packet, tcpLength);
	return sum % 0xffff === 0;
}

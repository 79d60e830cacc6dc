// Stock Phantun's segments as bytes: what it writes (wire.md 4.1) and how little it checks of what it reads.

/** Control bits that stock knows. */
export const BIT = { syn: 0x02, rst: 0x04, ack: 0x10 } as const;

export interface StockEndpoint {
	/** 4 or 16 bytes. */
	readonly address: Buffer;
	readonly port: number;
}

/** Seen from the program under imitation: `local` is the TUN's peer address. */
export interface StockSegment {
	readonly local: StockEndpoint;
	readonly remote: StockEndpoint;
	readonly sequence: number;
	readonly acknowledgement: number;
	readonly controlBits: number;
	readonly payload: Buffer;
}

const TCP_PROTOCOL = 6;
const HOP_LIMIT = 64;
const WINDOW = 0xffff;
const TCP_HEADER_BYTES = 20;
/** NOP, then window scale 14: the only options stock ever sends, on SYN and SYN+ACK. */
const SYN_OPTIONS = Buffer.from([0x01, 0x03, 0x03, 0x0e]);
/** Reads longer than this are cut (wire.md 4.1). */
export const STOCK_BUFFER_BYTES = 1500;

/** @returns an IP packet, checksums included. */
export function emitStockSegment(segment: StockSegment): Buffer {
	const { local, remote, payload } = segment;
	const isSyn = (segment.controlBits & BIT.syn) !== 0;
	const options = isSyn ? SYN_OPTIONS : Buffer.alloc(0);
	const tcp = Buffer.concat([Buffer.alloc(TCP_HEADER_BYTES), options, payload]);
	tcp.writeUInt16BE(local.port, 0);
	tcp.writeUInt16BE(remote.port, 2);
	tcp.writeUInt32BE(segment.sequence >>> 0, 4);
	tcp.writeUInt32BE(segment.acknowledgement >>> 0, 8);
	tcp[12] = ((TCP_HEADER_BYTES + options.length) / 4) << 4;
	tcp[13] = segment.controlBits;
	tcp.writeUInt16BE(WINDOW, 14);
	tcp.writeUInt16BE(checksum([pseudoHeader(segment, tcp.length), tcp]), 16);
	const ip =
		local.address.length === 4
			? emitIpv4Header(segment, tcp.length)
			: emitIpv6Header(segment, tcp.length);
	return Buffer.concat([ip, tcp]);
}

function emitIpv4Header(segment: StockSegment, tcpBytes: number): Buffer {
	const header = Buffer.alloc(20);
	header[0] = 0x45;
	header.writeUInt16BE(20 + tcpBytes, 2);
	// Identification 0, don't-fragment set.
	header[6] = 0x40;
	header[8] = HOP_LIMIT;
	header[9] = TCP_PROTOCOL;
	segment.local.address.copy(header, 12);
	segment.remote.address.copy(header, 16);
	header.writeUInt16BE(checksum([header]), 10);
	return header;
}

function emitIpv6Header(segment: StockSegment, tcpBytes: number): Buffer {
	const header = Buffer.alloc(40);
	header[0] = 0x60;
	header.writeUInt16BE(tcpBytes, 4);
	header[6] = TCP_PROTOCOL;
	header[7] = HOP_LIMIT;
	segment.local.address.copy(header, 8);
	segment.remote.address.copy(header, 24);
	return header;
}

function pseudoHeader(segment: StockSegment, tcpBytes: number): Buffer {
	const tail = Buffer.alloc(8);
	tail.writeUInt32BE(tcpBytes, 0);
	tail[7] = TCP_PROTOCOL;
	return Buffer.concat([segment.local.address, segment.remote.address, tail]);
}

/** RFC 1071; every part but the last must have an even length. */
function checksum(parts: readonly Buffer[]): number {
	let sum = 0;
	for (const part of parts) {
		for (let at = 0; at + 1 < part.length; at += 2)
			sum += part.readUInt16BE(at);
		if (part.length % 2 === 1) sum += (part[part.length - 1] ?? 0) << 8;
	}
	while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
	return ~sum & 0xffff;
}

/**
 * Reads a packet as stock does: the TCP header is taken to start at a fixed place, no checksum, length, fragment
 * bit or option is looked at, and everything after the data offset is payload, padding included.
 * @returns null for what stock ignores. (What makes genuine stock end is ignored here too: not a behaviour to copy.)
 */
export function readAsStock(packet: Buffer): StockSegment | null {
	const version = (packet[0] ?? 0) >> 4;
	if (version !== 4 && version !== 6) return null;
	const isV4 = version === 4;
	const ipBytes = isV4 ? 20 : 40;
	if (packet.length < ipBytes + TCP_HEADER_BYTES) return null;
	if (packet[isV4 ? 9 : 6] !== TCP_PROTOCOL) return null;
	const tcp = packet.subarray(ipBytes);
	const headerBytes = Math.max(TCP_HEADER_BYTES, ((tcp[12] ?? 0) >> 4) * 4);
	const source = isV4 ? packet.subarray(12, 16) : packet.subarray(8, 24);
	const destination = isV4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
	return {
		local: { address: destination, port: tcp.readUInt16BE(2) },
		remote: { address: source, port: tcp.readUInt16BE(0) },
		sequence: tcp.readUInt32BE(4),
		acknowledgement: tcp.readUInt32BE(8),
		controlBits: tcp[13] ?? 0,
		payload: tcp.subarray(Math.min(headerBytes, tcp.length)),
	};
}

export function tupleKey(local: StockEndpoint, remote: StockEndpoint): string {
	return `${local.address.toString("hex")}:${local.port}>${remote.address.toString("hex")}:${remote.port}`;
}

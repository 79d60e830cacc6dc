// Builds IP packets from named parts, slowly and without the engine's own writer: what tests send, and what emitters are compared with.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import { type IpAddress, parseIpAddress } from "../wire/ip-address.js";

/** Everything of a packet with TCP, ICMP or anything else in it. Left out: a plain segment between this package's test hosts. */
export interface PacketParts {
	readonly family: 4 | 6;
	readonly source: string;
	readonly destination: string;
	/** Octets behind the IP header and its extension headers. */
	readonly body: Uint8Array;
	/** Number in the last next-header or protocol field. */
	readonly protocol: number;
	/** IPv4 options, a multiple of four octets, 40 at most. */
	readonly ipOptions?: Uint8Array;
	readonly identification?: number;
	/** IPv4 flags and fragment offset as they stand in the header. */
	readonly flagsAndOffset?: number;
	readonly hopLimit?: number;
	/** IPv6: extension headers in order; the chain's numbers are filled in. */
	readonly extensions?: readonly ExtensionHeader[];
}

export interface ExtensionHeader {
	readonly number: number;
	/** The whole header, a multiple of eight octets; its first is overwritten with the next header's number. */
	readonly bytes: Uint8Array;
}

export interface SegmentParts {
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly seq: number;
	readonly ack: number;
	readonly bits: number;
	readonly window?: number;
	readonly urgentPointer?: number;
	/** A multiple of four octets, 40 at most. */
	readonly options?: Uint8Array;
	readonly payload?: Uint8Array;
}

const TCP = 6;
const DONT_FRAGMENT = 0x4000;
const MAX_KNOWN_ADDRESSES = 64;

/** Reading an address takes longer than building a packet, and tests use few. */
const knownAddresses = new Map<string, Uint8Array>();

function addressBytes(literal: string, family: 4 | 6): Uint8Array {
	const known = knownAddresses.get(literal);
	if (known?.length === (family === 4 ? 4 : 16)) return known;
	const read = readAddress(literal, family);
	if (knownAddresses.size < MAX_KNOWN_ADDRESSES)
		knownAddresses.set(literal, read);
	return read;
}

function readAddress(literal: string, family: 4 | 6): Uint8Array {
	const address: IpAddress | null = parseIpAddress(literal);
	if (address === null || address.family !== family)
		throw new Error(`not an IPv${family} address: ${literal}`);
	const bytes = new Uint8Array(16);
	const view = new DataView(bytes.buffer);
	for (const [word, value] of address.words.entries())
		view.setInt32(word * 4, value);
	return family === 4 ? bytes.slice(12) : bytes;
}

/** An IP packet with right lengths and, for IPv4, a right header checksum. */
export function forgePacket(parts: PacketParts): Uint8Array {
	return parts.family === 4 ? forgeIpv4(parts) : forgeIpv6(parts);
}

function forgeIpv4(parts: PacketParts): Uint8Array {
	const options = parts.ipOptions ?? new Uint8Array(0);
	const headerLength = 20 + options.length;
	const bytes = new Uint8Array(headerLength + parts.body.length);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, 0x40 | (headerLength / 4));
	view.setUint16(2, bytes.length);
	view.setUint16(4, parts.identification ?? 0);
	view.setUint16(6, parts.flagsAndOffset ?? DONT_FRAGMENT);
	view.setUint8(8, parts.hopLimit ?? 64);
	view.setUint8(9, parts.protocol);
	bytes.set(addressBytes(parts.source, 4), 12);
	bytes.set(addressBytes(parts.destination, 4), 16);
	bytes.set(options, 20);
	bytes.set(parts.body, headerLength);
	fixIpv4Checksum(bytes);
	return bytes;
}

function forgeIpv6(parts: PacketParts): Uint8Array {
	const extensions = parts.extensions ?? [];
	const extensionBytes = extensions.reduce(
		(sum, { bytes }) => sum + bytes.length,
		0,
	);
	const bytes = new Uint8Array(40 + extensionBytes + parts.body.length);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, 0x60);
	view.setUint16(4, bytes.length - 40);
	view.setUint8(6, extensions[0]?.number ?? parts.protocol);
	view.setUint8(7, parts.hopLimit ?? 64);
	bytes.set(addressBytes(parts.source, 6), 8);
	bytes.set(addressBytes(parts.destination, 6), 24);
	let at = 40;
	for (const [index, header] of extensions.entries()) {
		bytes.set(header.bytes, at);
		bytes[at] = extensions[index + 1]?.number ?? parts.protocol;
		at += header.bytes.length;
	}
	bytes.set(parts.body, at);
	return bytes;
}

/** A whole packet with one TCP segment, checksums right. */
export function forgeSegment(
	packet: Omit<PacketParts, "body" | "protocol">,
	segment: SegmentParts,
): Uint8Array {
	const options = segment.options ?? new Uint8Array(0);
	const payload = segment.payload ?? new Uint8Array(0);
	const headerLength = 20 + options.length;
	const body = new Uint8Array(headerLength + payload.length);
	const view = new DataView(body.buffer);
	view.setUint16(0, segment.sourcePort);
	view.setUint16(2, segment.destinationPort);
	view.setUint32(4, segment.seq);
	view.setUint32(8, segment.ack);
	view.setUint8(12, (headerLength / 4) << 4);
	view.setUint8(13, segment.bits);
	view.setUint16(14, segment.window ?? 0xffff);
	view.setUint16(18, segment.urgentPointer ?? 0);
	body.set(options, 20);
	body.set(payload, headerLength);
	const pseudoSum =
		sumOf(addressBytes(packet.source, packet.family)) +
		sumOf(addressBytes(packet.destination, packet.family)) +
		TCP +
		body.length;
	view.setUint16(
		16,
		checksumFinish(checksumAdd(view, 0, body.length, pseudoSum)),
	);
	return forgePacket({ ...packet, body, protocol: TCP });
}

function sumOf(bytes: Uint8Array): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2)
		sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
	return sum;
}

/** Makes an IPv4 header checksum right again, as far as the header's own length is inside the packet. */
export function fixIpv4Checksum(bytes: Uint8Array): void {
	const headerLength = ((bytes[0] ?? 0) & 0x0f) * 4;
	if (headerLength < 20 || headerLength > bytes.length) return;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	view.setUint16(10, 0);
	view.setUint16(10, checksumFinish(checksumAdd(view, 0, headerLength, 0)));
}

/** An ICMP or ICMPv6 error of `type` and `code` that quotes the start of another packet. */
export function forgeIcmpError(
	packet: Omit<PacketParts, "body" | "protocol">,
	error: {
		readonly type: number;
		readonly code: number;
		/** Octets 4 to 7: the next hop's MTU, a pointer, or nothing. */
		readonly parameter: number;
		readonly quoted: Uint8Array;
	},
): Uint8Array {
	const body = new Uint8Array(8 + error.quoted.length);
	const view = new DataView(body.buffer);
	view.setUint8(0, error.type);
	view.setUint8(1, error.code);
	view.setUint32(4, error.parameter);
	body.set(error.quoted, 8);
	const protocol = packet.family === 4 ? 1 : 58;
	const pseudoSum =
		packet.family === 4
			? 0
			: sumOf(addressBytes(packet.source, 6)) +
				sumOf(addressBytes(packet.destination, 6)) +
				protocol +
				body.length;
	view.setUint16(
		2,
		checksumFinish(checksumAdd(view, 0, body.length, pseudoSum)),
	);
	return forgePacket({ ...packet, body, protocol });
}

// What a router does to a datagram that is too large, and what an attacker does: fragments made slowly and obviously.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";

/** One fragment: where it says it belongs, and what it holds. */
export interface FragmentPart {
	readonly identification: number;
	/** In octets; the header can only say multiples of 8. */
	readonly start: number;
	readonly payload: Uint8Array;
	readonly hasMore: boolean;
}

/** Octets of IP headers in front of the fragmentable part: IPv4 with its options, or IPv6 without extensions. */
export function fragmentableAt(packet: Uint8Array): number {
	const first = packet[0] ?? 0;
	return first >>> 4 === 4 ? (first & 0x0f) * 4 : 40;
}

/** True for a part of a datagram; an atomic fragment counts. */
export function isFragment(packet: Uint8Array): boolean {
	if ((packet[0] ?? 0) >>> 4 === 6) return packet[6] === 44;
	return ((((packet[6] ?? 0) << 8) | (packet[7] ?? 0)) & 0x3fff) !== 0;
}

/** @param packet whose IP header the fragment has. */
export function fragmentOf(packet: Uint8Array, part: FragmentPart): Uint8Array {
	const headerLength = fragmentableAt(packet);
	const header = packet.slice(0, headerLength);
	return (packet[0] ?? 0) >>> 4 === 4
		? ipv4Fragment(header, part)
		: ipv6Fragment(header, part);
}

/** Cuts a packet for a link, as RFC 791 §2.3 and RFC 8200 §4.5 say; IPv4 options stay in every fragment. */
export function cutFragments(
	packet: Uint8Array,
	link: { readonly mtuBytes: number; readonly identification: number },
): Uint8Array[] {
	const headerLength = fragmentableAt(packet);
	const isIpv4 = (packet[0] ?? 0) >>> 4 === 4;
	const room = link.mtuBytes - headerLength - (isIpv4 ? 0 : 8);
	const step = Math.floor(room / 8) * 8;
	const fragmentable = packet.subarray(headerLength);
	const fragments: Uint8Array[] = [];
	for (let start = 0; start < fragmentable.length; start += step) {
		const payload = fragmentable.subarray(start, start + step);
		const hasMore = start + payload.length < fragmentable.length;
		const { identification } = link;
		fragments.push(
			fragmentOf(packet, { identification, start, payload, hasMore }),
		);
	}
	return fragments;
}

function ipv4Fragment(header: Uint8Array, part: FragmentPart): Uint8Array {
	const bytes = new Uint8Array(header.length + part.payload.length);
	bytes.set(header);
	bytes.set(part.payload, header.length);
	const view = new DataView(bytes.buffer);
	view.setUint16(2, bytes.length);
	view.setUint16(4, part.identification);
	view.setUint16(6, (part.hasMore ? 0x2000 : 0) | (part.start >>> 3));
	view.setUint16(10, 0);
	view.setUint16(10, checksumFinish(checksumAdd(view, 0, header.length, 0)));
	return bytes;
}

function ipv6Fragment(header: Uint8Array, part: FragmentPart): Uint8Array {
	const bytes = new Uint8Array(48 + part.payload.length);
	bytes.set(header);
	bytes.set(part.payload, 48);
	const view = new DataView(bytes.buffer);
	view.setUint16(4, 8 + part.payload.length);
	bytes[6] = 44;
	bytes[40] = header[6] ?? 0;
	view.setUint16(42, (part.start & 0xfff8) | (part.hasMore ? 1 : 0));
	view.setUint32(44, part.identification);
	return bytes;
}

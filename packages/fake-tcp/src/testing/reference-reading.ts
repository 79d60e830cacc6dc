// Reads a packet slowly, from the RFCs rather than from the parser: every fault that is true of it, or what a segment says.

import type { DropReasonName } from "../wire/drop-reason.js";

export interface ReferenceSegment {
	readonly family: 4 | 6;
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly seq: number;
	readonly ack: number;
	readonly bits: number;
	readonly window: number;
	readonly options: Uint8Array;
	readonly payload: Uint8Array;
	/** Source and destination address, one after the other. */
	readonly addresses: Uint8Array;
	readonly hasRightChecksum: boolean;
}

/** A part of a datagram that may hold TCP. */
export interface ReferenceFragment {
	readonly identification: number;
	readonly start: number;
	readonly hasMore: boolean;
	readonly payload: Uint8Array;
}

/** A packet may be wrong in several ways at once; a parser has to name one of them. */
export type ReferenceReading =
	| { readonly kind: "segment"; readonly segment: ReferenceSegment }
	| { readonly kind: "fragment"; readonly fragment: ReferenceFragment }
	| { readonly kind: "icmp-error" }
	| { readonly kind: "faulty"; readonly faults: readonly DropReasonName[] };

function faulty(...faults: DropReasonName[]): ReferenceReading {
	return { kind: "faulty", faults };
}

function number16(bytes: Uint8Array, at: number): number {
	return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}

function number32(bytes: Uint8Array, at: number): number {
	return number16(bytes, at) * 65_536 + number16(bytes, at + 2);
}

/** RFC 1071, the obvious way: 16-bit words, end-around carry after each. */
function onesComplementSum(bytes: Uint8Array, start: number): number {
	let sum = start;
	for (let at = 0; at < bytes.length; at += 2) {
		sum += number16(bytes, at);
		if (sum > 0xffff) sum -= 0xffff;
	}
	return sum;
}

export function readSlowly(bytes: Uint8Array): ReferenceReading {
	if (bytes.length === 0) return faulty("empty-read");
	const version = (bytes[0] ?? 0) >> 4;
	if (version === 4) return readIpv4(bytes);
	if (version === 6) return readIpv6(bytes);
	return faulty("bad-ip-version");
}

/** RFC 791 §3.1. */
function readIpv4(bytes: Uint8Array): ReferenceReading {
	if (bytes.length < 20) return faulty("truncated");
	const headerLength = ((bytes[0] ?? 0) & 15) * 4;
	const totalLength = number16(bytes, 2);
	const faults: DropReasonName[] = [];
	const isHeaderThere = headerLength >= 20 && headerLength <= bytes.length;
	if (!isHeaderThere) faults.push("bad-ip-header-length");
	if (totalLength < headerLength || totalLength > bytes.length)
		faults.push("truncated");
	if (
		isHeaderThere &&
		onesComplementSum(bytes.subarray(0, headerLength), 0) !== 0xffff
	)
		faults.push("bad-ip-checksum");
	if (faults.length > 0) return faulty(...faults);
	const protocol = bytes[9];
	const body = bytes.subarray(headerLength, totalLength);
	const place = number16(bytes, 6);
	const isFragment = (place & 0x3fff) !== 0;
	if (protocol === 6 && isFragment)
		return {
			kind: "fragment",
			fragment: {
				identification: number16(bytes, 4),
				start: (place & 0x1fff) * 8,
				hasMore: (place & 0x2000) !== 0,
				payload: body,
			},
		};
	if (protocol === 6) return readTcp(body, bytes.subarray(12, 20), 4);
	const isForMany =
		(bytes[16] ?? 0) >> 4 === 14 || number32(bytes, 16) === 0xffff_ffff;
	if (isForMany) return faulty("link-local-chatter");
	if (protocol !== 1 || isFragment) return faulty("not-tcp");
	if (body.length < 8) return faulty("truncated");
	// RFC 792: unreachable, quench, redirect, time exceeded, parameter problem.
	return [3, 4, 5, 11, 12].includes(body[0] ?? 0)
		? { kind: "icmp-error" }
		: faulty("not-tcp");
}

const SKIPPED_HEADERS = [0, 43, 60];
const FRAGMENT_HEADER = 44;
const LONGEST_CHAIN = 8;

/** RFC 8200 §3 and §4. */
function readIpv6(bytes: Uint8Array): ReferenceReading {
	if (bytes.length < 40) return faulty("truncated");
	const end = 40 + number16(bytes, 4);
	if (end > bytes.length) return faulty("truncated");
	let next = bytes[6] ?? 0;
	let at = 40;
	let headers = 0;
	while (SKIPPED_HEADERS.includes(next) || next === FRAGMENT_HEADER) {
		headers += 1;
		if (headers > LONGEST_CHAIN || at + 8 > end)
			return faulty("bad-extension-chain");
		const isFragmentHeader = next === FRAGMENT_HEADER;
		next = bytes[at] ?? 0;
		// RFC 6946: with offset 0 and no more to come it is whole, and goes on behind the header.
		if (isFragmentHeader && (number16(bytes, at + 2) & 0xfff9) !== 0)
			return readFragment(bytes, { at, end, next });
		at += 8 + (isFragmentHeader ? 0 : (bytes[at + 1] ?? 0) * 8);
		if (at > end) return faulty("bad-extension-chain");
	}
	if (headers === LONGEST_CHAIN) return faulty("bad-extension-chain");
	const body = bytes.subarray(at, end);
	if (next === 6) return readTcp(body, bytes.subarray(8, 40), 6);
	if (bytes[24] === 0xff) return faulty("link-local-chatter");
	if (next !== 58) return faulty("not-tcp");
	if (body.length < 8) return faulty("truncated");
	// RFC 4443 §2.1: the high bit of the type says "informational".
	return (body[0] ?? 0) < 128
		? { kind: "icmp-error" }
		: faulty("link-local-chatter");
}

/** RFC 8200 §4.5. */
function readFragment(
	bytes: Uint8Array,
	header: { readonly at: number; readonly end: number; readonly next: number },
): ReferenceReading {
	const { at, end, next } = header;
	if (next !== 6 && !SKIPPED_HEADERS.includes(next))
		return faulty(bytes[24] === 0xff ? "link-local-chatter" : "not-tcp");
	const place = number16(bytes, at + 2);
	return {
		kind: "fragment",
		fragment: {
			identification: number32(bytes, at + 4),
			start: (place >> 3) * 8,
			hasMore: (place & 1) !== 0,
			payload: bytes.subarray(at + 8, end),
		},
	};
}

/** RFC 9293 §3.1. */
function readTcp(
	body: Uint8Array,
	addresses: Uint8Array,
	family: 4 | 6,
): ReferenceReading {
	if (body.length < 20) return faulty("truncated");
	const headerLength = ((body[12] ?? 0) >> 4) * 4;
	if (headerLength < 20 || headerLength > body.length)
		return faulty("bad-data-offset");
	const pseudoSum = onesComplementSum(
		addresses,
		onesComplementSum(
			Uint8Array.of(0, 6, body.length >> 8, body.length & 255),
			0,
		),
	);
	return {
		kind: "segment",
		segment: {
			family,
			sourcePort: number16(body, 0),
			destinationPort: number16(body, 2),
			seq: number32(body, 4),
			ack: number32(body, 8),
			bits: body[13] ?? 0,
			window: number16(body, 14),
			options: body.subarray(20, headerLength),
			payload: body.subarray(headerLength),
			addresses,
			hasRightChecksum: onesComplementSum(body, pseudoSum) === 0xffff,
		},
	};
}

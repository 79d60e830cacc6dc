// Writes the headers of a datagram that was put together, so that it parses as if it had never been cut.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import { IPV4_DONT_FRAGMENT, IPV4_FIELD } from "../wire/ipv4.js";
import { IPV6_FIELD, IPV6_HEADER_BYTES } from "../wire/ipv6.js";

/** IPv4's total length, and IPv6's payload length, are 16 bits. */
const LARGEST_LENGTH = 0xffff;

/** Headers of the first fragment and the payload of all, lying one behind the other. */
export interface WholeParts {
	readonly offset: number;
	readonly headerLength: number;
	readonly payloadLength: number;
}

/** True when a datagram of these lengths can have been sent. */
export function fitsOneDatagram(
	family: number,
	headerLength: number,
	payloadLength: number,
): boolean {
	const counted =
		family === 4 ? headerLength : headerLength - IPV6_HEADER_BYTES;
	return counted + payloadLength <= LARGEST_LENGTH;
}

/** RFC 791 §3.2: total length anew, no fragment any more; the DF bit is left for evidence. */
export function finishIpv4(view: DataView, parts: WholeParts): void {
	const { offset, headerLength, payloadLength } = parts;
	const place = offset + IPV4_FIELD.flagsAndFragmentOffset;
	view.setUint16(offset + IPV4_FIELD.totalLength, headerLength + payloadLength);
	view.setUint16(place, view.getUint16(place) & IPV4_DONT_FRAGMENT);
	view.setUint16(offset + IPV4_FIELD.headerChecksum, 0);
	view.setUint16(
		offset + IPV4_FIELD.headerChecksum,
		checksumFinish(checksumAdd(view, offset, headerLength, 0)),
	);
}

/** RFC 8200 §4.5: the Fragment header is gone; what named it names the header behind it. */
export function finishIpv6(
	view: DataView,
	parts: WholeParts,
	chain: { readonly namedAt: number; readonly protocol: number },
): void {
	const { offset, headerLength, payloadLength } = parts;
	view.setUint16(
		offset + IPV6_FIELD.payloadLength,
		headerLength - IPV6_HEADER_BYTES + payloadLength,
	);
	view.setUint8(offset + chain.namedAt, chain.protocol);
}

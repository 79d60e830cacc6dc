// The IPv6 header (RFC 8200 §3) and a bounded walk along its extension headers (§4).

export const IPV6_HEADER_BYTES = 40;

export const IPV6_FIELD = {
	versionClassFlow: 0,
	payloadLength: 4,
	nextHeader: 6,
	hopLimit: 7,
	source: 8,
	destination: 24,
} as const;

const HOP_BY_HOP_OPTIONS = 0;
const ROUTING = 43;
export const IPV6_FRAGMENT_HEADER = 44;
const DESTINATION_OPTIONS = 60;
export const FRAGMENT_HEADER_BYTES = 8;
/** Fragment offset in 8-octet units in the upper 13 bits, then two reserved, then "more fragments". */
const FRAGMENT_PLACE_MASK = 0xfff9;
/** A sane sender uses each header once; eight leaves room for the unusual and bounds the walk. */
const MAX_EXTENSION_HEADERS = 8;

/** Results of `walkExtensionHeaders`; "fragment" for one that is a part of a larger packet. */
export const CHAIN = { ok: 0, malformed: 1, fragment: 2 } as const;

export interface ExtensionChain {
	/** Protocol number after the last extension header; for a fragment the one that its Fragment header names. */
	protocol: number;
	/** Offset of that protocol's header; for a fragment of its Fragment header, whose 8 octets are there. */
	offset: number;
	/** Offset of the octet that names the header at `offset`. */
	namedAt: number;
}

/** True for headers that may stand between IPv6's and TCP's. */
export function isExtensionHeader(protocol: number): boolean {
	return (
		protocol === HOP_BY_HOP_OPTIONS ||
		protocol === ROUTING ||
		protocol === DESTINATION_OPTIONS
	);
}

/** Follows the chain from the fixed header at `start`; never reads at or past `end`. */
export function walkExtensionHeaders(
	view: DataView,
	range: { readonly start: number; readonly end: number },
	chain: ExtensionChain,
): number {
	let namedAt = range.start + IPV6_FIELD.nextHeader;
	let at = range.start + IPV6_HEADER_BYTES;
	for (let walked = 0; walked < MAX_EXTENSION_HEADERS; walked++) {
		const kind = view.getUint8(namedAt);
		const isFragmentHeader = kind === IPV6_FRAGMENT_HEADER;
		chain.protocol = kind;
		chain.offset = at;
		chain.namedAt = namedAt;
		if (!isFragmentHeader && !isExtensionHeader(kind)) return CHAIN.ok;
		if (at + FRAGMENT_HEADER_BYTES > range.end) return CHAIN.malformed;
		if (isFragmentHeader) {
			// RFC 6946 §4: with offset 0 and no more to come it is a whole packet, whatever else is being reassembled.
			const isAtomic = (view.getUint16(at + 2) & FRAGMENT_PLACE_MASK) === 0;
			chain.protocol = view.getUint8(at);
			if (!isAtomic) return CHAIN.fragment;
		}
		// RFC 8200 §4.3: the length is in 8-octet units, not counting the first 8; §4.5: here the octet is reserved.
		const length = isFragmentHeader
			? FRAGMENT_HEADER_BYTES
			: (view.getUint8(at + 1) + 1) * 8;
		if (at + length > range.end) return CHAIN.malformed;
		namedAt = at;
		at += length;
	}
	return CHAIN.malformed;
}

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
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
/** A sane sender uses each header once; eight leaves room for the unusual and bounds the walk. */
const MAX_EXTENSION_HEADERS = 8;

/** Results of `walkExtensionHeaders`. */
export const CHAIN = { ok: 0, malformed: 1, fragment: 2 } as const;

export interface ExtensionChain {
	/** Protocol number after the last extension header; valid for `CHAIN.ok`. */
	protocol: number;
	/** Offset of that protocol's header. */
	offset: number;
}

/** Follows the chain from the fixed header at `start`; never reads at or past `end`. */
export function walkExtensionHeaders(
	view: DataView,
	range: { readonly start: number; readonly end: number },
	chain: ExtensionChain,
): number {
	let next = view.getUint8(range.start + IPV6_FIELD.nextHeader);
	let at = range.start + IPV6_HEADER_BYTES;
	for (let walked = 0; walked < MAX_EXTENSION_HEADERS; walked++) {
		if (next === FRAGMENT) return CHAIN.fragment;
		if (
			next !== HOP_BY_HOP_OPTIONS &&
			next !== ROUTING &&
			next !== DESTINATION_OPTIONS
		) {
			chain.protocol = next;
			chain.offset = at;
			return CHAIN.ok;
		}
		if (at + 8 > range.end) return CHAIN.malformed;
		// RFC 8200 §4.3: the length is in 8-octet units, not counting the first 8.
		const length = (view.getUint8(at + 1) + 1) * 8;
		if (at + length > range.end) return CHAIN.malformed;
		next = view.getUint8(at);
		at += length;
	}
	return CHAIN.malformed;
}

// The IPv4 header (RFC 791 §3.1): field offsets and the numbers this wire format fixes.

export const IPV4_HEADER_BYTES = 20;
export const IPV4_DONT_FRAGMENT = 0x4000;
/** More-fragments bit and the 13 bits of fragment offset: anything set here means "a fragment". */
export const IPV4_FRAGMENT_MASK = 0x3fff;
export const IPV4_MORE_FRAGMENTS = 0x2000;
/** In units of 8 octets. */
export const IPV4_FRAGMENT_OFFSET_MASK = 0x1fff;
export const HOP_LIMIT = 64;

export const IPV4_FIELD = {
	versionAndHeaderLength: 0,
	totalLength: 2,
	identification: 4,
	flagsAndFragmentOffset: 6,
	timeToLive: 8,
	protocol: 9,
	headerChecksum: 10,
	source: 12,
	destination: 16,
} as const;

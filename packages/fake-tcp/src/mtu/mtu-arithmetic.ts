// MTU arithmetic in one place: engine, command line and dashboard must never disagree by a byte.

import type { IpFamily } from "../wire/ip-address.js";

/** IPv4 (20) or IPv6 (40) header plus 20 octets of TCP without options: data segments never carry options. */
const HEADERS_BYTES = { 4: 40, 6: 60 } as const;
/** WireGuard's data message around the inner packet: 16 of header, 16 of authentication tag. */
const WIREGUARD_OVERHEAD_BYTES = 32;

/** RFC 791 §3.1 (every host takes 576) and RFC 8200 §5 (every link carries 1,280): nothing we hear lowers a limit below. */
export const MINIMUM_LINK_MTU_BYTES = { 4: 576, 6: 1_280 } as const;

/** Past this size the kernel cuts super-segments in software, and past 65,535 their length wraps (wire.md 4.10). */
export const MAX_SUPER_SEGMENT_BYTES = 65_521;

/** IPv4 header, or IPv6 header and Fragment header. */
const FRAGMENT_HEADERS_BYTES = { 4: 20, 6: 48 } as const;
const TCP_HEADER_BYTES = 20;
/** What any receiver of ours puts together, and most kernels too. */
export const MAX_FRAGMENTS = 64;
/** IPv4 counts 65,535 octets with its header; UDP over IPv4 ends at 65,507, which IPv6 could exceed by 8. */
const LARGEST_FRAGMENTED_BYTES = { 4: 65_535 - 40, 6: 65_507 } as const;

export function headersBytes(family: IpFamily): number {
	return HEADERS_BYTES[family];
}

/** Largest user datagram that fits one segment on a path of this MTU. */
export function payloadLimitBytes(
	pathMtuBytes: number,
	family: IpFamily,
): number {
	return pathMtuBytes - HEADERS_BYTES[family];
}

/** Octets of TCP header and payload in every IP fragment but the last, on a path of this MTU: a multiple of 8. */
export function fragmentPayloadBytes(
	pathMtuBytes: number,
	family: IpFamily,
): number {
	return Math.floor((pathMtuBytes - FRAGMENT_HEADERS_BYTES[family]) / 8) * 8;
}

/** Largest user datagram that can leave in IP fragments on a path of this MTU. */
export function fragmentedLimitBytes(
	pathMtuBytes: number,
	family: IpFamily,
): number {
	return Math.min(
		LARGEST_FRAGMENTED_BYTES[family],
		MAX_FRAGMENTS * fragmentPayloadBytes(pathMtuBytes, family) -
			TCP_HEADER_BYTES,
	);
}

/** The MTU to give a WireGuard interface whose packets travel through the tunnel. */
export function wireguardMtuBytes(
	pathMtuBytes: number,
	family: IpFamily,
): number {
	return payloadLimitBytes(pathMtuBytes, family) - WIREGUARD_OVERHEAD_BYTES;
}

/** MSS to announce for a link of this MTU (RFC 9293 §3.7.1), bounded to the option's 16 bits. */
export function announcedMssBytes(
	linkMtuBytes: number,
	family: IpFamily,
): number {
	return Math.min(0xffff, Math.max(1, payloadLimitBytes(linkMtuBytes, family)));
}

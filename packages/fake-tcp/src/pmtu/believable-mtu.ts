// Which path MTU an ICMP "too big" may make us believe in: never below the family's minimum, never one that what we sent contradicts.

import { MINIMUM_LINK_MTU_BYTES } from "../mtu/mtu-arithmetic.js";
import type { IpFamily } from "../wire/ip-address.js";

/** RFC 1191 §7: common MTUs, for routers that name none; those below our floor are left out. */
const PLATEAUS_BYTES = [32_000, 17_914, 8_166, 4_352, 2_002, 1_492, 1_006, 576];
/** RFC 791 §3.2: every IPv4 link carries this; a smaller claim is nonsense. */
const SMALLEST_IPV4_MTU_BYTES = 68;

/** RFC 1191 §6.3: how long a lowered limit stands before a larger size may be tried. */
export const PATH_MTU_LIFETIME_MS = 600_000;

/**
 * @param claimedBytes the next hop's MTU as the message has it; 0 for "not said" (IPv4).
 * @param largestSentBytes our own largest packet: the quoted length may be that of a train, or anything.
 * @returns the MTU to believe, octets; 0 for a claim that cannot be true or changes nothing.
 */
export function believableMtuBytes(
	claimedBytes: number,
	family: IpFamily,
	largestSentBytes: number,
): number {
	const floorBytes = MINIMUM_LINK_MTU_BYTES[family];
	if (family === 6 && claimedBytes < floorBytes) {
		// RFC 8201 §4: a report below the minimum is discarded.
		return 0;
	}
	const isNamed = claimedBytes > 0;
	if (isNamed && claimedBytes < SMALLEST_IPV4_MTU_BYTES) return 0;
	const named = isNamed ? claimedBytes : nextPlateauBytes(largestSentBytes);
	// DEVIATION: RFC 1191 §3 allows an estimate down to 68; below 576 hardly any link is left, and a forger gains from it.
	const believed = Math.max(floorBytes, named);
	return believed < largestSentBytes ? believed : 0;
}

function nextPlateauBytes(packetBytes: number): number {
	for (const plateauBytes of PLATEAUS_BYTES)
		if (plateauBytes < packetBytes) return plateauBytes;
	return 0;
}

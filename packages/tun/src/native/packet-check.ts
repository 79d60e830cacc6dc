// What the native core says about one packet, for tests that hold it against other readers of the same bytes.

import { loadAddon } from "./addon.js";

export interface PacketFinding {
	/** `PACKET_VERDICT`. */
	readonly verdict: number;
	/** Payload octets of each segment, 0 for a single one. */
	readonly segmentSize: number;
}

/**
 * @param virtioHeader the 10 octets in front of the packet; without a header all zero.
 * @throws TunError ADDON_UNAVAILABLE
 */
export function checkPacket(
	virtioHeader: Uint8Array,
	packet: Uint8Array,
): PacketFinding {
	const packed = loadAddon().checkPacket(virtioHeader, packet);
	return { verdict: packed & 0xffff, segmentSize: packed >>> 16 };
}

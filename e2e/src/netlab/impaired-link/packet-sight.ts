// What the link has to know of an IP packet: where its header ends, where its payload begins, and whether it is only chatter.

export interface PacketSight {
	readonly ipHeaderBytes: number;
	/** Where the TCP or UDP payload begins; null for other protocols, fragments and what is too short. */
	readonly payloadAt: number | null;
	/** What the kernel says on any interface that comes up (MLD, router solicitations): not traffic. */
	readonly isChatter: boolean;
}

const TCP = 6;
const UDP = 17;
const UDP_HEADER_BYTES = 8;
const IPV6_HEADER_BYTES = 40;
const NOTHING: PacketSight = {
	ipHeaderBytes: 0,
	payloadAt: null,
	isChatter: true,
};

/** @param packet as read from a TUN: a whole IP packet. */
export function lookAt(packet: Buffer): PacketSight {
	const version = (packet[0] ?? 0) >> 4;
	if (version === 4 && packet.length >= 20) return lookAt4(packet);
	if (version === 6 && packet.length >= IPV6_HEADER_BYTES)
		return lookAt6(packet);
	return NOTHING;
}

function lookAt4(packet: Buffer): PacketSight {
	const ipHeaderBytes = ((packet[0] ?? 0) & 0x0f) * 4;
	// More-fragments or an offset: the transport header is elsewhere, or its payload not whole.
	const isFragment = (packet.readUInt16BE(6) & 0x3fff) !== 0;
	const isMulticast = (packet[16] ?? 0) >= 0xe0;
	return {
		ipHeaderBytes,
		payloadAt: isFragment ? null : payloadAt(packet, ipHeaderBytes, packet[9]),
		isChatter: isMulticast,
	};
}

function lookAt6(packet: Buffer): PacketSight {
	return {
		ipHeaderBytes: IPV6_HEADER_BYTES,
		payloadAt: payloadAt(packet, IPV6_HEADER_BYTES, packet[6]),
		isChatter: packet[24] === 0xff,
	};
}

function payloadAt(
	packet: Buffer,
	at: number,
	protocol: number | undefined,
): number | null {
	if (protocol === UDP && packet.length >= at + UDP_HEADER_BYTES)
		return at + UDP_HEADER_BYTES;
	if (protocol !== TCP || packet.length < at + 20) return null;
	const end = at + ((packet[at + 12] ?? 0) >> 4) * 4;
	return end <= packet.length ? end : null;
}

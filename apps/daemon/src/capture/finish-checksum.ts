// Finishes the TCP checksum of a captured packet that the kernel or a network card would have finished on its way.

import { checksumAdd, checksumFinish, checksumFold } from "@tunscope/fake-tcp";

const TCP_PROTOCOL = 6;
const TCP_HEADER_BYTES = 20;
const TCP_CHECKSUM = 16;
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
/** More-fragments bit and offset: the checksum of a fragment is not its own. */
const IPV4_FRAGMENT_MASK = 0x3fff;

interface TcpPlace {
	/** Octets from the start of the packet. */
	readonly start: number;
	readonly length: number;
	/** Of the pseudo header (RFC 9293 §3.1), not folded. */
	readonly pseudoSum: number;
}

/**
 * Changes the packet, which must be whole, only when its checksum field holds the pseudo header's sum alone (virtio's
 * NEEDS_CSUM form), so that Wireshark does not call it wrong. Any bytes may be given.
 */
export function finishTcpChecksum(packet: Uint8Array): void {
	const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
	const place = findTcp(view);
	if (place === null) return;
	const { start, length, pseudoSum } = place;
	const field = start + TCP_CHECKSUM;
	if (view.getUint16(field) !== checksumFold(pseudoSum)) return;
	// The field's own value, the pseudo header's sum, is part of what is added up.
	view.setUint16(field, checksumFinish(checksumAdd(view, start, length, 0)));
}

function findTcp(view: DataView): TcpPlace | null {
	if (view.byteLength < IPV4_HEADER_BYTES) return null;
	return view.getUint8(0) >>> 4 === 4 ? findInIpv4(view) : findInIpv6(view);
}

function findInIpv4(view: DataView): TcpPlace | null {
	const start = (view.getUint8(0) & 0x0f) * 4;
	const isWhole =
		start >= IPV4_HEADER_BYTES &&
		view.getUint16(2) === view.byteLength &&
		(view.getUint16(6) & IPV4_FRAGMENT_MASK) === 0;
	if (!isWhole || view.getUint8(9) !== TCP_PROTOCOL) return null;
	return tcpAt(view, start, checksumAdd(view, 12, 8, 0));
}

/** Without extension headers: what carries some was never ours, and never unfinished. */
function findInIpv6(view: DataView): TcpPlace | null {
	const start = IPV6_HEADER_BYTES;
	const isTcp =
		view.byteLength >= start &&
		view.getUint8(0) >>> 4 === 6 &&
		view.getUint8(6) === TCP_PROTOCOL &&
		view.getUint16(4) + start === view.byteLength;
	return isTcp ? tcpAt(view, start, checksumAdd(view, 8, 32, 0)) : null;
}

function tcpAt(
	view: DataView,
	start: number,
	addressSum: number,
): TcpPlace | null {
	const length = view.byteLength - start;
	if (length < TCP_HEADER_BYTES) return null;
	return { start, length, pseudoSum: addressSum + TCP_PROTOCOL + length };
}

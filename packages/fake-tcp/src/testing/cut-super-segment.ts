// What a NIC does to a super-segment: an obvious, slow reference cutter.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import { finishChecksum, type WirePacket } from "./engine-host.js";

/** One packet per segment: sequence and IPv4 identification counted on, lengths and checksums made right. */
export function cutSuperSegment(packet: WirePacket): WirePacket[] {
	if (packet.segmentSize === 0) return [packet];
	const view = new DataView(
		packet.bytes.buffer,
		packet.bytes.byteOffset,
		packet.bytes.byteLength,
	);
	const isIpv4 = view.getUint8(0) >>> 4 === 4;
	const tcp = isIpv4 ? 20 : 40;
	const headers = tcp + (view.getUint8(tcp + 12) >>> 4) * 4;
	const packets: WirePacket[] = [];
	for (let at = headers; at < packet.bytes.length; at += packet.segmentSize) {
		const payload = packet.bytes.subarray(
			at,
			Math.min(at + packet.segmentSize, packet.bytes.length),
		);
		const bytes = new Uint8Array(headers + payload.length);
		bytes.set(packet.bytes.subarray(0, headers));
		bytes.set(payload, headers);
		fixHeaders(bytes, {
			index: packets.length,
			skipped: at - headers,
			tcp,
			isIpv4,
		});
		packets.push({ bytes, segmentSize: 0 });
	}
	return packets;
}

interface Piece {
	readonly index: number;
	readonly skipped: number;
	readonly tcp: number;
	readonly isIpv4: boolean;
}

function fixHeaders(bytes: Uint8Array, piece: Piece): void {
	const view = new DataView(bytes.buffer);
	const { tcp } = piece;
	view.setUint32(tcp + 4, view.getUint32(tcp + 4) + piece.skipped);
	const tcpLength = bytes.length - tcp;
	if (piece.isIpv4) {
		view.setUint16(2, bytes.length);
		view.setUint16(4, view.getUint16(4) + piece.index);
		view.setUint16(10, 0);
		view.setUint16(10, checksumFinish(checksumAdd(view, 0, 20, 0)));
	} else view.setUint16(4, tcpLength);
	const addresses = piece.isIpv4
		? { start: 12, length: 8 }
		: { start: 8, length: 32 };
	const pseudoSum = checksumAdd(
		view,
		addresses.start,
		addresses.length,
		6 + tcpLength,
	);
	view.setUint16(tcp + 16, ~checksumFinish(pseudoSum) & 0xffff);
	finishChecksum(bytes);
}

// The slow reference of sending: a packet of its own for every datagram, built field by field, summed octet by octet.

import { slowChecksum } from "./slow-receive.js";

const HEADERS_BYTES = 40;

export interface SlowFlow {
	readonly source: readonly number[];
	readonly destination: readonly number[];
	readonly sourcePort: number;
	readonly destinationPort: number;
	sequence: number;
	readonly acknowledgement: number;
}

export function slowSend(flow: SlowFlow, datagram: Uint8Array): Uint8Array {
	const packet = new Uint8Array(HEADERS_BYTES + datagram.length);
	const view = new DataView(packet.buffer);
	view.setUint8(0, 0x45);
	view.setUint16(2, packet.length);
	view.setUint8(6, 0x40);
	view.setUint8(8, 64);
	view.setUint8(9, 6);
	packet.set(flow.source, 12);
	packet.set(flow.destination, 16);
	view.setUint16(10, slowChecksum(packet.subarray(0, 20)));
	view.setUint16(20, flow.sourcePort);
	view.setUint16(22, flow.destinationPort);
	view.setUint32(24, flow.sequence);
	view.setUint32(28, flow.acknowledgement);
	view.setUint8(32, 0x50);
	view.setUint8(33, 0x10);
	view.setUint16(34, 0xffff);
	packet.set(datagram, HEADERS_BYTES);
	flow.sequence = (flow.sequence + datagram.length) >>> 0;
	return packet;
}

// Cuts a super-segment into wire segments, slowly and obviously: the reference for the native cutter.

import {
	byteAt,
	numberAt,
	onesComplementSum,
	pseudoHeaderSum,
} from "./tcp-segment.js";

/** A train as bytes: one IP and TCP header, and the payloads of all its datagrams. */
export interface Train {
	readonly header: Uint8Array;
	readonly payload: Uint8Array;
	/** Payload bytes of every segment but the last; 0 for one segment, whatever its length. */
	readonly segmentSize: number;
}

/** "finished": the right checksum; "pseudo-header": the sum that the next hop has to finish. */
export type ChecksumForm = "finished" | "pseudo-header";

const FIN_PSH = 0x09;
const CWR = 0x80;

function store16(bytes: Uint8Array, at: number, value: number): void {
	bytes[at] = (value >>> 8) & 0xff;
	bytes[at + 1] = value & 0xff;
}

/** Length of the IP header of a packet without IPv6 extension headers. */
export function ipHeaderLength(header: Uint8Array): number {
	return byteAt(header, 0) >> 4 === 4 ? (byteAt(header, 0) & 15) * 4 : 40;
}

function writeIpHeader(packet: Uint8Array, index: number): void {
	if (byteAt(packet, 0) >> 4 === 6) {
		store16(packet, 4, packet.length - 40);
		return;
	}
	store16(packet, 2, packet.length);
	store16(packet, 4, numberAt(packet, 4) + index);
	store16(packet, 10, 0);
	const header = packet.subarray(0, ipHeaderLength(packet));
	store16(packet, 10, 0xffff - onesComplementSum(header));
}

function addToSequence(tcp: Uint8Array, bytes: number): void {
	const sequence = (numberAt(tcp, 4) * 65_536 + numberAt(tcp, 6) + bytes) >>> 0;
	store16(tcp, 4, sequence >>> 16);
	store16(tcp, 6, sequence);
}

function writeChecksum(
	packet: Uint8Array,
	tcp: Uint8Array,
	form: ChecksumForm,
): void {
	store16(tcp, 16, 0);
	const pseudo = pseudoHeaderSum(packet, tcp.length);
	if (form === "pseudo-header") {
		store16(tcp, 16, pseudo);
		return;
	}
	const sum = pseudo + onesComplementSum(tcp);
	store16(tcp, 16, 0xffff - (sum > 0xffff ? sum - 0xffff : sum));
}

/** How many segments the train becomes; one without payload is one. */
export function segmentsIn({ payload, segmentSize }: Train): number {
	const size = segmentSize === 0 ? payload.length : segmentSize;
	return Math.max(1, Math.ceil(payload.length / Math.max(size, 1)));
}

/** @returns whole IP packets, in order; one without payload when the train has none. */
export function cutTrain(train: Train, form: ChecksumForm): Uint8Array[] {
	const { header, payload } = train;
	const size = train.segmentSize === 0 ? payload.length : train.segmentSize;
	const count = segmentsIn(train);
	return Array.from({ length: count }, (_, index) => {
		const piece = payload.subarray(index * size, (index + 1) * size);
		const packet = new Uint8Array(header.length + piece.length);
		packet.set(header);
		packet.set(piece, header.length);
		writeIpHeader(packet, index);
		const tcp = packet.subarray(ipHeaderLength(header));
		addToSequence(tcp, index * size);
		const isLast = index === count - 1;
		const cleared = (isLast ? 0 : FIN_PSH) | (index === 0 ? 0 : CWR);
		tcp[13] = byteAt(tcp, 13) & ~cleared;
		writeChecksum(packet, tcp, form);
		return packet;
	});
}

/** The train as one packet, its TCP checksum field as the builder left it. */
export function joinTrain({ header, payload }: Train): Uint8Array {
	const packet = new Uint8Array(header.length + payload.length);
	packet.set(header);
	packet.set(payload, header.length);
	return packet;
}

// Segments that no engine would send: every field is the test's to choose, checksums are right.

import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import { parseIpAddress } from "../wire/ip-address.js";
import {
	CLIENT_ADDRESS,
	CLIENT_ADDRESS6,
	finishChecksum,
	SERVER_ADDRESS,
	SERVER_ADDRESS6,
	SERVER_PORT,
	type WirePacket,
} from "./engine-host.js";
import { fromHex } from "./segment-summary.js";

export interface ForgedSegment {
	readonly to: "client" | "server";
	/** The client's end of the tuple. */
	readonly clientPort: number;
	/** Another than the pair's client, IPv4 or IPv6. */
	readonly clientAddress?: string;
	readonly family?: 4 | 6;
	readonly bits: number;
	readonly seq?: number;
	readonly ack?: number;
	readonly window?: number;
	/** In hex; a multiple of four octets. */
	readonly options?: string;
	readonly payload?: Uint8Array;
	/** Payload octets per segment of a super-segment. */
	readonly segmentSize?: number;
}

const NO_PAYLOAD = new Uint8Array(0);

export function forgeSegment(segment: ForgedSegment): WirePacket {
	const { family = 4, payload = NO_PAYLOAD } = segment;
	const options = fromHex(segment.options ?? "");
	const tcp = family === 4 ? 20 : 40;
	const headers = tcp + 20 + options.length;
	const bytes = new Uint8Array(headers + payload.length);
	const view = new DataView(bytes.buffer);
	writeIpHeader(view, segment, family);
	const isToServer = segment.to === "server";
	view.setUint16(tcp, isToServer ? segment.clientPort : SERVER_PORT);
	view.setUint16(tcp + 2, isToServer ? SERVER_PORT : segment.clientPort);
	view.setInt32(tcp + 4, segment.seq ?? 0);
	view.setInt32(tcp + 8, segment.ack ?? 0);
	view.setUint8(tcp + 12, ((20 + options.length) / 4) << 4);
	view.setUint8(tcp + 13, segment.bits);
	view.setUint16(tcp + 14, segment.window ?? 0xffff);
	bytes.set(options, tcp + 20);
	bytes.set(payload, headers);
	const addresses = family === 4 ? [12, 8] : [8, 32];
	const pseudoSum = checksumAdd(
		view,
		addresses[0] ?? 0,
		addresses[1] ?? 0,
		6 + bytes.length - tcp,
	);
	view.setUint16(tcp + 16, ~checksumFinish(pseudoSum) & 0xffff);
	return {
		bytes: finishChecksum(bytes),
		segmentSize: segment.segmentSize ?? 0,
	};
}

function writeIpHeader(
	view: DataView,
	segment: ForgedSegment,
	family: 4 | 6,
): void {
	const client =
		segment.clientAddress ?? (family === 4 ? CLIENT_ADDRESS : CLIENT_ADDRESS6);
	const server = family === 4 ? SERVER_ADDRESS : SERVER_ADDRESS6;
	const isToServer = segment.to === "server";
	const [source, destination] = isToServer
		? [client, server]
		: [server, client];
	if (family === 6) {
		view.setUint32(0, 0x60000000);
		view.setUint16(4, view.byteLength - 40);
		view.setUint16(6, (6 << 8) | 64);
		writeWords(view, 8, source, 0);
		writeWords(view, 24, destination, 0);
		return;
	}
	view.setUint16(0, 0x4500);
	view.setUint16(2, view.byteLength);
	view.setUint16(6, 0x4000);
	view.setUint16(8, (64 << 8) | 6);
	writeWords(view, 12, source, 3);
	writeWords(view, 16, destination, 3);
	view.setUint16(10, checksumFinish(checksumAdd(view, 0, 20, 0)));
}

function writeWords(
	view: DataView,
	at: number,
	literal: string,
	first: number,
): void {
	const parsed = parseIpAddress(literal);
	if (parsed === null) throw new Error(`not an address: ${literal}`);
	for (let word = first; word < 4; word++)
		view.setInt32(at + (word - first) * 4, parsed.words[word] ?? 0);
}

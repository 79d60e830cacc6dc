// Lays trains out in an arena the way a worker does, for tests.

import { isIPv4 } from "node:net";
import { endpointWords } from "../endpoint-words.js";
import type { GatherTrains } from "../gather-trains.js";
import { onesComplementSum, pseudoHeaderSum } from "../memory/tcp-segment.js";
import { ENDPOINT_ADDRESS_WORD } from "../udp-socket.js";

const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const TCP_HEADER_BYTES = 20;
const CAPACITY = 64;
const REGION_CAPACITY = 4_096;

export interface TcpTrainFields {
	readonly source: string;
	readonly destination: string;
	readonly sequence?: number;
	readonly identification?: number;
	/** Control bits, ACK by default. */
	readonly controlBits?: number;
}

function addressBytes(address: string): Uint8Array {
	const family = isIPv4(address) ? 4 : 6;
	const words = endpointWords({ family, address, port: 0 });
	const bytes = new Uint8Array(words.buffer, ENDPOINT_ADDRESS_WORD * 4, 16);
	return bytes.slice(0, family === 4 ? 4 : 16);
}

function ipv4Header(fields: TcpTrainFields, totalLength: number): Uint8Array {
	const header = new Uint8Array(IPV4_HEADER_BYTES);
	const view = new DataView(header.buffer);
	header.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6]);
	view.setUint16(2, totalLength);
	view.setUint16(4, fields.identification ?? 0);
	header.set(addressBytes(fields.source), 12);
	header.set(addressBytes(fields.destination), 16);
	view.setUint16(10, 0xffff - onesComplementSum(header));
	return header;
}

function ipv6Header(fields: TcpTrainFields, payloadLength: number): Uint8Array {
	const header = new Uint8Array(IPV6_HEADER_BYTES);
	const view = new DataView(header.buffer);
	header.set([0x60, 0, 0, 0, 0, 0, 6, 64]);
	view.setUint16(4, payloadLength);
	header.set(addressBytes(fields.source), 8);
	header.set(addressBytes(fields.destination), 24);
	return header;
}

/** IP and TCP header of a train with this much payload, in the form that `writeTrains` asks for. */
export function tcpTrainHeader(
	fields: TcpTrainFields,
	payloadLength: number,
): Uint8Array {
	const tcpLength = TCP_HEADER_BYTES + payloadLength;
	const ip = isIPv4(fields.source)
		? ipv4Header(fields, IPV4_HEADER_BYTES + tcpLength)
		: ipv6Header(fields, tcpLength);
	const tcp = new Uint8Array(TCP_HEADER_BYTES);
	const view = new DataView(tcp.buffer);
	view.setUint16(0, 40_000);
	view.setUint16(2, 4_567);
	view.setUint32(4, fields.sequence ?? 1);
	view.setUint32(8, 1);
	tcp[12] = (TCP_HEADER_BYTES / 4) << 4;
	tcp[13] = fields.controlBits ?? 0x10;
	view.setUint16(14, 0xffff);
	view.setUint16(16, pseudoHeaderSum(ip, tcpLength));
	return Buffer.concat([ip, tcp]);
}

/** Bytes that differ from place to place, so that a misplaced piece shows. */
export function patternBytes(length: number, seed = 0): Uint8Array {
	return Uint8Array.from(
		{ length },
		(_, index) => (index * 31 + (index >>> 8) * 7 + seed) & 0xff,
	);
}

export interface TrainFields {
	readonly owner?: number;
	readonly segmentSize: number;
	readonly header?: Uint8Array;
	/** The payload's pieces, each a region of its own. */
	readonly pieces: readonly Uint8Array[];
}

/** A batch of trains over one arena, filled from `start` on. */
export class TrainBuilder {
	readonly trains: GatherTrains & { count: number };
	readonly #arena: Uint8Array;
	readonly #start: number;
	#used: number;
	#regions = 0;

	constructor(arena: Uint8Array, start = 0) {
		const words = (count: number) => new Int32Array(count);
		this.#arena = arena;
		this.#start = start;
		this.#used = start;
		this.trains = {
			count: 0,
			owner: words(CAPACITY),
			firstRegion: words(CAPACITY),
			regionCount: words(CAPACITY),
			segmentSize: words(CAPACITY),
			totalLength: words(CAPACITY),
			headerOffset: words(CAPACITY),
			headerLength: words(CAPACITY),
			regions: {
				offset: words(REGION_CAPACITY),
				length: words(REGION_CAPACITY),
				next: words(REGION_CAPACITY),
			},
		};
	}

	clear(): this {
		this.trains.count = 0;
		this.#regions = 0;
		this.#used = this.#start;
		return this;
	}

	add(fields: TrainFields): this {
		const { trains } = this;
		const index = trains.count;
		const header = fields.header ?? new Uint8Array(0);
		trains.owner[index] = fields.owner ?? 0;
		trains.segmentSize[index] = fields.segmentSize;
		trains.totalLength[index] = fields.pieces.reduce(
			(total, piece) => total + piece.length,
			0,
		);
		trains.headerLength[index] = header.length;
		trains.headerOffset[index] = this.#place(header);
		trains.firstRegion[index] = fields.pieces.length > 0 ? this.#regions : -1;
		trains.regionCount[index] = fields.pieces.length;
		for (const [number, piece] of fields.pieces.entries()) {
			const { offset, length, next } = trains.regions;
			offset[this.#regions] = this.#place(piece);
			length[this.#regions] = piece.length;
			const isLast = number === fields.pieces.length - 1;
			next[this.#regions] = isLast ? -1 : this.#regions + 1;
			this.#regions += 1;
		}
		trains.count += 1;
		return this;
	}

	/** A TCP train of one region, or a bare segment when the payload is empty. */
	addTcp(
		fields: TcpTrainFields,
		payload: Uint8Array,
		segmentSize: number,
	): this {
		const header = tcpTrainHeader(fields, payload.length);
		const pieces = payload.length > 0 ? [payload] : [];
		return this.add({ header, pieces, segmentSize });
	}

	/** A gap of one byte follows, so that neighbours do not touch and are not joined. */
	#place(bytes: Uint8Array): number {
		const at = this.#used;
		this.#arena.set(bytes, at);
		this.#used += bytes.length + 1;
		return at;
	}
}

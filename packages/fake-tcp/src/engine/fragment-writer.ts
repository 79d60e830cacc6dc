// Cuts one outgoing segment into IP fragments: a header each, the payload where it lies, the TCP checksum finished by us.

import type { Flow } from "../flow/flow.js";
import { halfSipHash } from "../flow/half-siphash.js";
import { FragmentIdentifications } from "../fragment/fragment-identifications.js";
import { fragmentPayloadBytes, headersBytes } from "../mtu/mtu-arithmetic.js";
import type { TrainTable } from "../train/train-table.js";
import { checksumAdd, checksumFinish, checksumFold } from "../wire/checksum.js";
import {
	IPV4_FIELD,
	IPV4_HEADER_BYTES,
	IPV4_MORE_FRAGMENTS,
} from "../wire/ipv4.js";
import {
	FRAGMENT_HEADER_BYTES,
	IPV6_FIELD,
	IPV6_FRAGMENT_HEADER,
	IPV6_HEADER_BYTES,
} from "../wire/ipv6.js";
import { TCP_FIELD, TCP_HEADER_BYTES, TCP_PROTOCOL } from "../wire/tcp.js";
import type { EngineOptions } from "./engine-options.js";
import type { SegmentWriter } from "./segment-writer.js";

/** The train table's mark for what is written as it stands. */
const AS_IT_STANDS = 0;

export class FragmentWriter {
	readonly #arena: Uint8Array;
	readonly #view: DataView;
	readonly #writer: SegmentWriter;
	readonly #outgoing: TrainTable;
	readonly #identifications: FragmentIdentifications;
	readonly #header = { offset: 0, length: 0 };
	readonly #part: Part = { start: 0, length: 0, hasMore: false };

	constructor(options: EngineOptions, writer: SegmentWriter) {
		const { arena, seed } = options;
		this.#arena = arena;
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
		this.#writer = writer;
		this.#outgoing = options.outgoing;
		const range = { start: 0, count: 0 };
		this.#identifications = new FragmentIdentifications((words, count) => {
			range.count = count;
			return halfSipHash(seed.iss, words, range);
		});
	}

	/**
	 * @param whole where the segment writer has just put IP and TCP header of the whole segment: the first fragment's.
	 * @param payload one region of the arena, untouched until the outgoing table is flushed.
	 * @returns how many fragments there are. The caller has seen to room for them.
	 */
	write(
		flow: Flow,
		whole: number,
		payload: { readonly offset: number; readonly length: number },
	): number {
		const { family } = flow;
		const ipBytes = family === 4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
		this.#finishChecksum(whole + ipBytes, payload.offset, payload.length);
		// The path's MTU is what the flow's payload limit was made from.
		const pathMtuBytes = flow.maxPayloadBytes + headersBytes(family);
		const step = fragmentPayloadBytes(pathMtuBytes, family);
		const identification = this.#identifications.next(flow.key);
		const total = TCP_HEADER_BYTES + payload.length;
		let fragments = 0;
		for (let start = 0; start < total; start += step) {
			const at = start === 0 ? whole : this.#copyOf(whole, ipBytes);
			const part = this.#part;
			part.start = start;
			part.length = Math.min(step, total - start);
			part.hasMore = start + step < total;
			this.#header.offset = at;
			this.#header.length =
				family === 4
					? this.#writeIpv4(at, part, identification)
					: this.#writeIpv6(at, part, identification);
			this.#add(flow, payload.offset);
			fragments++;
		}
		return fragments;
	}

	/** The field holds the pseudo header's sum, which no kernel finishes over several packets. */
	#finishChecksum(tcp: number, offset: number, length: number): void {
		const view = this.#view;
		const headerSum = checksumAdd(view, tcp, TCP_HEADER_BYTES, 0);
		const sum = checksumAdd(view, offset, length, checksumFold(headerSum));
		view.setUint16(tcp + TCP_FIELD.checksum, checksumFinish(sum));
	}

	#copyOf(whole: number, ipBytes: number): number {
		const at = this.#writer.takeSlot();
		this.#arena.copyWithin(at, whole, whole + ipBytes);
		return at;
	}

	/** DF clear: a router with less room may cut once more. @returns the header's length. */
	#writeIpv4(at: number, part: Part, identification: number): number {
		const view = this.#view;
		view.setUint16(
			at + IPV4_FIELD.totalLength,
			IPV4_HEADER_BYTES + part.length,
		);
		view.setUint16(at + IPV4_FIELD.identification, identification & 0xffff);
		view.setUint16(
			at + IPV4_FIELD.flagsAndFragmentOffset,
			(part.hasMore ? IPV4_MORE_FRAGMENTS : 0) | (part.start >>> 3),
		);
		view.setUint16(at + IPV4_FIELD.headerChecksum, 0);
		view.setUint16(
			at + IPV4_FIELD.headerChecksum,
			checksumFinish(checksumAdd(view, at, IPV4_HEADER_BYTES, 0)),
		);
		return IPV4_HEADER_BYTES;
	}

	/** Routers do not fragment IPv6, so the Fragment header is the sender's (RFC 8200 §4.5). @returns both headers' length. */
	#writeIpv6(at: number, part: Part, identification: number): number {
		const view = this.#view;
		const fragment = at + IPV6_HEADER_BYTES;
		if (part.start === 0)
			this.#arena.copyWithin(
				fragment + FRAGMENT_HEADER_BYTES,
				fragment,
				fragment + TCP_HEADER_BYTES,
			);
		view.setUint16(
			at + IPV6_FIELD.payloadLength,
			FRAGMENT_HEADER_BYTES + part.length,
		);
		view.setUint8(at + IPV6_FIELD.nextHeader, IPV6_FRAGMENT_HEADER);
		view.setUint16(fragment, TCP_PROTOCOL << 8);
		view.setUint16(fragment + 2, part.start | (part.hasMore ? 1 : 0));
		view.setInt32(fragment + 4, identification);
		return IPV6_HEADER_BYTES + FRAGMENT_HEADER_BYTES;
	}

	#add(flow: Flow, payloadOffset: number): void {
		const { start, length } = this.#part;
		const outgoing = this.#outgoing;
		// The first fragment begins with the TCP header, which lies behind its IP headers.
		const tcpBytes = start === 0 ? TCP_HEADER_BYTES : 0;
		const from = start === 0 ? 0 : start - TCP_HEADER_BYTES;
		this.#header.length += tcpBytes;
		const train = outgoing.addBare(flow.slot, this.#header);
		const region = outgoing.regions.add(
			payloadOffset + from,
			length - tcpBytes,
		);
		outgoing.setPayload(train, region, AS_IT_STANDS);
	}
}

interface Part {
	/** In octets of the segment, TCP header included. */
	start: number;
	length: number;
	hasMore: boolean;
}

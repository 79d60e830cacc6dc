// Writes IP and TCP headers of outgoing segments and super-segments into the arena's header region.

import type { Flow } from "../flow/flow.js";
import type { WireProfile } from "../flow/wire-profile.js";
import { invariant } from "../invariant.js";
import { checksumFinish, checksumFold } from "../wire/checksum.js";
import type { IpAddress, IpFamily } from "../wire/ip-address.js";
import {
	HOP_LIMIT,
	IPV4_DONT_FRAGMENT,
	IPV4_FIELD,
	IPV4_HEADER_BYTES,
} from "../wire/ipv4.js";
import { IPV6_FIELD, IPV6_HEADER_BYTES } from "../wire/ipv6.js";
import { halfWords } from "../wire/segment-view.js";
import {
	MSS_OPTION_HEAD,
	PLAIN_WINDOW,
	TCP_FIELD,
	TCP_HEADER_BYTES,
	TCP_PROTOCOL,
	WINDOW_SCALE_OPTION,
} from "../wire/tcp.js";

/** Largest header: IPv6, TCP, window scale and MSS; or IPv6, Fragment and TCP. Rounded up to keep headers aligned. */
export const HEADER_SLOT_BYTES = 72;

/** The variable part of the next segment; one instance is reused. */
export class SegmentDraft {
	controlBits = 0;
	seq = 0;
	ack = 0;
	window = PLAIN_WINDOW;
	/** Window scale option, as in every SYN and SYN+ACK. */
	hasWindowScale = false;
	/** MSS option behind it; 0 for none. */
	mss = 0;
	payloadBytes = 0;
	/** Wire segments in this super-segment, for IPv4's identification; 0 when that is not from the flow's numbers. */
	segments = 1;

	/** Back to a bare segment without options. */
	reset(controlBits: number, seq: number, ack: number): void {
		this.controlBits = controlBits;
		this.seq = seq;
		this.ack = ack;
		this.window = PLAIN_WINDOW;
		this.hasWindowScale = false;
		this.mss = 0;
		this.payloadBytes = 0;
		this.segments = 1;
	}
}

export interface HeaderRegion {
	readonly offset: number;
	readonly length: number;
}

/** Where a header was put. */
export interface WrittenHeader {
	offset: number;
	length: number;
}

export class SegmentWriter {
	readonly #view: DataView;
	readonly #region: HeaderRegion;
	readonly #profile: WireProfile;
	readonly #local: Readonly<Record<IpFamily, IpAddress>>;
	readonly written: WrittenHeader = { offset: 0, length: 0 };
	#next: number;

	constructor(options: {
		readonly arena: Uint8Array;
		readonly region: HeaderRegion;
		readonly profile: WireProfile;
		readonly local: Readonly<Record<IpFamily, IpAddress>>;
	}) {
		const { arena } = options;
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
		this.#region = options.region;
		this.#profile = options.profile;
		this.#local = options.local;
		this.#next = options.region.offset;
	}

	/** False when that many headers more would not fit: flush, then `clear`. */
	hasRoom(headers = 1): boolean {
		return (
			this.#next + HEADER_SLOT_BYTES * headers <=
			this.#region.offset + this.#region.length
		);
	}

	/** Takes the place of one header, for the caller to write. @returns its offset in the arena. */
	takeSlot(): number {
		invariant(
			this.hasRoom(),
			"the header region is flushed before it overflows",
		);
		const at = this.#next;
		this.#next += HEADER_SLOT_BYTES;
		return at;
	}

	/** Gives the region back once everything in it has been written out. */
	clear(): void {
		this.#next = this.#region.offset;
	}

	/** Computes what stays the same in all headers of a flow. Call it when the tuple is set. */
	prepare(flow: Flow): void {
		const local = this.#local[flow.family];
		let addresses = 0;
		for (let word = flow.family === 4 ? 3 : 0; word < 4; word++) {
			addresses +=
				halfWords(local.words[word] ?? 0) + halfWords(flow.key[word] ?? 0);
		}
		flow.pseudoSumBase = addresses + TCP_PROTOCOL;
		flow.ipSumBase =
			0x4500 +
			IPV4_DONT_FRAGMENT +
			((HOP_LIMIT << 8) | TCP_PROTOCOL) +
			addresses;
	}

	/**
	 * Writes one header; `written` tells where. The TCP checksum field holds the folded pseudo-header sum, not its
	 * complement: the form in which virtio's NEEDS_CSUM hands an unfinished checksum over.
	 */
	write(flow: Flow, draft: SegmentDraft): void {
		const at = this.takeSlot();
		const optionBytes =
			(draft.hasWindowScale ? 4 : 0) + (draft.mss === 0 ? 0 : 4);
		const tcpBytes = TCP_HEADER_BYTES + optionBytes;
		const ipBytes =
			flow.family === 4
				? this.#writeIpv4(flow, at, draft, tcpBytes + draft.payloadBytes)
				: this.#writeIpv6(flow, at, tcpBytes + draft.payloadBytes);
		this.#writeTcp(flow, at + ipBytes, draft, tcpBytes);
		this.written.offset = at;
		this.written.length = ipBytes + tcpBytes;
	}

	#writeIpv4(
		flow: Flow,
		at: number,
		draft: SegmentDraft,
		tcpLength: number,
	): number {
		const view = this.#view;
		const totalLength = IPV4_HEADER_BYTES + tcpLength;
		const identification = flow.nextIdentification;
		if (this.#profile.countsIpv4Identification) {
			flow.nextIdentification = (identification + draft.segments) & 0xffff;
		}
		view.setInt32(at, 0x45000000 | totalLength);
		view.setInt32(
			at + IPV4_FIELD.identification,
			(identification << 16) | IPV4_DONT_FRAGMENT,
		);
		view.setUint16(at + IPV4_FIELD.timeToLive, (HOP_LIMIT << 8) | TCP_PROTOCOL);
		view.setUint16(
			at + IPV4_FIELD.headerChecksum,
			checksumFinish(flow.ipSumBase + totalLength + identification),
		);
		view.setInt32(at + IPV4_FIELD.source, this.#local[4].words[3]);
		view.setInt32(at + IPV4_FIELD.destination, flow.key[3] ?? 0);
		return IPV4_HEADER_BYTES;
	}

	#writeIpv6(flow: Flow, at: number, tcpLength: number): number {
		const view = this.#view;
		view.setInt32(at, 0x60000000);
		view.setInt32(
			at + IPV6_FIELD.payloadLength,
			(tcpLength << 16) | (TCP_PROTOCOL << 8) | HOP_LIMIT,
		);
		const local = this.#local[6].words;
		for (let word = 0; word < 4; word++) {
			view.setInt32(at + IPV6_FIELD.source + word * 4, local[word] ?? 0);
			view.setInt32(
				at + IPV6_FIELD.destination + word * 4,
				flow.key[word] ?? 0,
			);
		}
		return IPV6_HEADER_BYTES;
	}

	#writeTcp(
		flow: Flow,
		at: number,
		draft: SegmentDraft,
		tcpBytes: number,
	): void {
		const view = this.#view;
		view.setUint16(at + TCP_FIELD.sourcePort, flow.localPort);
		view.setUint16(at + TCP_FIELD.destinationPort, flow.remotePort);
		view.setInt32(at + TCP_FIELD.sequence, draft.seq);
		view.setInt32(at + TCP_FIELD.acknowledgement, draft.ack);
		view.setUint16(
			at + TCP_FIELD.dataOffset,
			(tcpBytes << 10) | draft.controlBits,
		);
		view.setUint16(at + TCP_FIELD.window, draft.window);
		view.setUint16(
			at + TCP_FIELD.checksum,
			checksumFold(flow.pseudoSumBase + tcpBytes + draft.payloadBytes),
		);
		view.setUint16(at + TCP_FIELD.urgentPointer, 0);
		let option = at + TCP_FIELD.options;
		if (draft.hasWindowScale) {
			view.setInt32(option, WINDOW_SCALE_OPTION);
			option += 4;
		}
		if (draft.mss !== 0)
			view.setInt32(option, (MSS_OPTION_HEAD << 16) | draft.mss);
	}
}

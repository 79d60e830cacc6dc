// A checked view of an ICMP error message (RFC 792, RFC 4443) and of the segment of ours that it quotes.

import { checksumHolds } from "../wire/checksum.js";
import { type IpFamily, MAPPED_PREFIX_WORD } from "../wire/ip-address.js";
import { IPV4_FIELD, IPV4_HEADER_BYTES } from "../wire/ipv4.js";
import {
	CHAIN,
	type ExtensionChain,
	FRAGMENT_HEADER_BYTES,
	IPV6_FIELD,
	IPV6_FRAGMENT_HEADER,
	IPV6_HEADER_BYTES,
	walkExtensionHeaders,
} from "../wire/ipv6.js";
import { halfWords, type SegmentView } from "../wire/segment-view.js";
import { TCP_FIELD, TCP_PROTOCOL } from "../wire/tcp.js";

/** What `bind` finds. */
export const ICMP_VERDICT = {
	/** A segment is quoted with its ports and its sequence number. */
	quotesSegment: 0,
	badChecksum: 1,
	/** Something else is quoted, or too little of it. */
	quotesNoSegment: 2,
} as const;

/** What an error says. */
export const ICMP_KIND = {
	tooBig: 0,
	unreachable: 1,
	/** A firewall says so. */
	prohibited: 2,
	timeExceeded: 3,
	other: 4,
} as const;

const ICMPV6_PROTOCOL = 58;
/** Type, code, checksum and four octets that depend on the type. */
const ICMP_HEADER_BYTES = 8;
/** RFC 792: at least so much of what the quoted datagram carried; ports and sequence number are in it. */
const QUOTED_TCP_BYTES = 8;
const FRAGMENT_OFFSET_MASK = 0x1fff;

/** RFC 1812 §5.2.7.1 and RFC 4443 §3.1: codes of "unreachable" that mean a policy. */
const PROHIBITED_CODES: Readonly<Record<IpFamily, ReadonlySet<number>>> = {
	4: new Set([9, 10, 13]),
	6: new Set([1, 5, 6]),
};

/** One instance is reused; nothing is allocated after construction. */
export class IcmpErrorView {
	kind: number = ICMP_KIND.other;
	type = 0;
	code = 0;
	/** Of "too big", as claimed; 0 where an old router leaves it out, or where nothing of the kind is said. */
	mtuBytes = 0;
	/** The quoted segment: from us to a peer. IPv4 addresses in their mapped form. */
	readonly quotedSource = new Int32Array(4);
	readonly quotedDestination = new Int32Array(4);
	quotedSourcePort = 0;
	quotedDestinationPort = 0;
	quotedSeq = 0;
	/** Where its TCP header starts, in octets from the start of the ICMP packet. */
	quotedTcpStart = 0;

	readonly #view: DataView;
	readonly #chain: ExtensionChain = { protocol: 0, offset: 0, namedAt: 0 };
	readonly #range = { start: 0, end: 0 };

	constructor(arena: Uint8Array) {
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
	}

	/**
	 * Checks the message in a segment view that has found an ICMP error: at least 8 octets at `tcpOffset`.
	 * @returns `ICMP_VERDICT`; the quoted segment's fields may be read for `quotesSegment` only.
	 */
	bind(packet: SegmentView): number {
		const view = this.#view;
		const at = packet.tcpOffset;
		if (!this.#checksumHolds(packet)) return ICMP_VERDICT.badChecksum;
		this.type = view.getUint8(at);
		this.code = view.getUint8(at + 1);
		this.#classify(packet.family, at);
		const start = at + ICMP_HEADER_BYTES;
		const end = at + packet.tcpLength;
		const tcpAt =
			packet.family === 4
				? this.#quotedIpv4(start, end)
				: this.#quotedIpv6(start, end);
		if (tcpAt < 0 || tcpAt + QUOTED_TCP_BYTES > end)
			return ICMP_VERDICT.quotesNoSegment;
		this.quotedTcpStart = tcpAt - packet.ipOffset;
		this.quotedSourcePort = view.getUint16(tcpAt + TCP_FIELD.sourcePort);
		this.quotedDestinationPort = view.getUint16(
			tcpAt + TCP_FIELD.destinationPort,
		);
		this.quotedSeq = view.getInt32(tcpAt + TCP_FIELD.sequence);
		return ICMP_VERDICT.quotesSegment;
	}

	#checksumHolds(packet: SegmentView): boolean {
		const { source, destination, tcpOffset, tcpLength } = packet;
		if (packet.family === 4)
			return checksumHolds(this.#view, tcpOffset, tcpLength, 0);
		// RFC 4443 §2.3: ICMPv6 sums a pseudo header too.
		let pseudoSum = ICMPV6_PROTOCOL + tcpLength;
		for (let word = 0; word < 4; word++)
			pseudoSum +=
				halfWords(source[word] ?? 0) + halfWords(destination[word] ?? 0);
		return checksumHolds(this.#view, tcpOffset, tcpLength, pseudoSum);
	}

	#classify(family: IpFamily, at: number): void {
		const { type, code } = this;
		this.mtuBytes = 0;
		const isTooBig = family === 4 ? type === 3 && code === 4 : type === 2;
		if (isTooBig) {
			this.kind = ICMP_KIND.tooBig;
			this.mtuBytes =
				family === 4
					? this.#view.getUint16(at + 6)
					: this.#view.getUint32(at + 4);
			return;
		}
		const isUnreachable = type === (family === 4 ? 3 : 1);
		if (isUnreachable)
			this.kind = PROHIBITED_CODES[family].has(code)
				? ICMP_KIND.prohibited
				: ICMP_KIND.unreachable;
		else
			this.kind =
				type === (family === 4 ? 11 : 3)
					? ICMP_KIND.timeExceeded
					: ICMP_KIND.other;
	}

	/** The quoted total length is not looked at: of a train it is the super-segment's. @returns where TCP begins, or -1. */
	#quotedIpv4(start: number, end: number): number {
		const view = this.#view;
		if (start + IPV4_HEADER_BYTES > end) return -1;
		const first = view.getUint8(start);
		const headerLength = (first & 0x0f) * 4;
		if (first >>> 4 !== 4 || headerLength < IPV4_HEADER_BYTES) return -1;
		const fragment = view.getUint16(start + IPV4_FIELD.flagsAndFragmentOffset);
		if ((fragment & FRAGMENT_OFFSET_MASK) !== 0) return -1;
		if (view.getUint8(start + IPV4_FIELD.protocol) !== TCP_PROTOCOL) return -1;
		this.#mapIpv4(this.quotedSource, start + IPV4_FIELD.source);
		this.#mapIpv4(this.quotedDestination, start + IPV4_FIELD.destination);
		return start + headerLength;
	}

	#mapIpv4(words: Int32Array, at: number): void {
		words[0] = 0;
		words[1] = 0;
		words[2] = MAPPED_PREFIX_WORD;
		words[3] = this.#view.getInt32(at);
	}

	#quotedIpv6(start: number, end: number): number {
		const view = this.#view;
		if (start + IPV6_HEADER_BYTES > end) return -1;
		if (view.getUint8(start) >>> 4 !== 6) return -1;
		for (let word = 0; word < 4; word++) {
			const at = start + word * 4;
			this.quotedSource[word] = view.getInt32(at + IPV6_FIELD.source);
			this.quotedDestination[word] = view.getInt32(at + IPV6_FIELD.destination);
		}
		// We send no extension header but, to peers like us, a Fragment header right behind the fixed one.
		if (view.getUint8(start + IPV6_FIELD.nextHeader) === IPV6_FRAGMENT_HEADER)
			return this.#behindFragmentHeader(start + IPV6_HEADER_BYTES, end);
		this.#range.start = start;
		this.#range.end = end;
		const verdict = walkExtensionHeaders(view, this.#range, this.#chain);
		const isTcp = this.#chain.protocol === TCP_PROTOCOL;
		return verdict === CHAIN.ok && isTcp ? this.#chain.offset : -1;
	}

	#behindFragmentHeader(at: number, end: number): number {
		const view = this.#view;
		if (at + FRAGMENT_HEADER_BYTES > end) return -1;
		const isFirst = view.getUint16(at + 2) >>> 3 === 0;
		return isFirst && view.getUint8(at) === TCP_PROTOCOL
			? at + FRAGMENT_HEADER_BYTES
			: -1;
	}
}

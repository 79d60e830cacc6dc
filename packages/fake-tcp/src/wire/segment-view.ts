// A checked view of one packet from the TUN: after `bind` says Accept, every field below is inside the packet and meaningful.

import { checksumHolds } from "./checksum.js";
import { DROP, type DropReason } from "./drop-reason.js";
import { FragmentFields } from "./fragment-fields.js";
import { type IpFamily, MAPPED_PREFIX_WORD } from "./ip-address.js";
import { IPV4_FIELD, IPV4_FRAGMENT_MASK, IPV4_HEADER_BYTES } from "./ipv4.js";
import {
	CHAIN,
	type ExtensionChain,
	IPV6_FIELD,
	IPV6_HEADER_BYTES,
	isExtensionHeader,
	walkExtensionHeaders,
} from "./ipv6.js";
import { TCP_FIELD, TCP_HEADER_BYTES, TCP_PROTOCOL } from "./tcp.js";

/** `bind` found a whole TCP segment. */
export const ACCEPT = -1;
/** `bind` found an ICMP or ICMPv6 error message: evidence, not data. */
export const ICMP_ERROR = -2;
/** `bind` found an IP fragment of a TCP segment: addresses and `fragment` are set, nothing of TCP is. */
export const FRAGMENT = -3;

const ICMPV4_PROTOCOL = 1;
const ICMPV6_PROTOCOL = 58;
/** ICMPv4 types 3, 4, 5, 11, 12 report about a datagram (RFC 792). */
const ICMPV4_ERROR_TYPES: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
/** RFC 4443 §2.1: error messages have types 0 to 127. */
const ICMPV6_FIRST_INFORMATIONAL_TYPE = 128;

const EMPTY_READ = DROP["empty-read"];
const BAD_IP_VERSION = DROP["bad-ip-version"];
const BAD_IP_HEADER_LENGTH = DROP["bad-ip-header-length"];
const BAD_IP_CHECKSUM = DROP["bad-ip-checksum"];
const TRUNCATED = DROP.truncated;
const BAD_EXTENSION_CHAIN = DROP["bad-extension-chain"];
const CHATTER = DROP["link-local-chatter"];
const NOT_TCP = DROP["not-tcp"];
const BAD_DATA_OFFSET = DROP["bad-data-offset"];

/** One instance is reused for every packet; nothing is allocated after construction. */
export class SegmentView {
	family: IpFamily = 4;
	/** Where the IP header starts in the arena. */
	ipOffset = 0;
	/** Where the TCP header starts; of an ICMP error, its ICMP header. */
	tcpOffset = 0;
	/** TCP header and payload, without IP headers and without padding behind the packet; of an ICMP error, its message. */
	tcpLength = 0;
	payloadOffset = 0;
	payloadLength = 0;
	segSeq = 0;
	segAck = 0;
	controlBits = 0;
	window = 0;
	/** Source and destination address as four words each (IPv4-mapped for IPv4). */
	readonly source = new Int32Array(4);
	readonly destination = new Int32Array(4);
	sourcePort = 0;
	destinationPort = 0;
	/** Set when `bind` says `FRAGMENT`. */
	readonly fragment = new FragmentFields();
	/** After a refusal, or of a fragment's place: the octets to blame, counted from the packet's start. */
	faultStart = 0;
	faultLength = 0;

	readonly #view: DataView;
	readonly #chain: ExtensionChain = {
		protocol: 0,
		offset: 0,
		namedAt: 0,
	};
	readonly #range = { start: 0, end: 0 };

	constructor(arena: Uint8Array) {
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
	}

	/** Octets from the IP header to the end of the payload, of a bound segment or ICMP error. */
	get packetLength(): number {
		return this.tcpOffset - this.ipOffset + this.tcpLength;
	}

	/**
	 * Checks the packet of `length` octets at `offset`.
	 * @returns `ACCEPT`, `ICMP_ERROR`, `FRAGMENT`, or the `DropReason`. After a drop the fields must not be read.
	 */
	bind(
		offset: number,
		length: number,
	): typeof ACCEPT | typeof ICMP_ERROR | typeof FRAGMENT | DropReason {
		if (length <= 0) return this.#fault(EMPTY_READ, 0, 0);
		this.ipOffset = offset;
		const version = this.#view.getUint8(offset) >>> 4;
		if (version === 4) return this.#bindIpv4(offset, length);
		if (version === 6) return this.#bindIpv6(offset, length);
		return this.#fault(BAD_IP_VERSION, 0, 1);
	}

	#fault(reason: DropReason, start: number, length: number): DropReason {
		this.faultStart = start;
		this.faultLength = length;
		return reason;
	}

	#bindIpv4(offset: number, length: number): number {
		const view = this.#view;
		if (length < IPV4_HEADER_BYTES) return this.#fault(TRUNCATED, 0, length);
		const headerLength = (view.getUint8(offset) & 0x0f) * 4;
		if (headerLength < IPV4_HEADER_BYTES || headerLength > length)
			return this.#fault(BAD_IP_HEADER_LENGTH, 0, 1);
		const totalLength = view.getUint16(offset + IPV4_FIELD.totalLength);
		if (totalLength < headerLength || totalLength > length)
			return this.#fault(TRUNCATED, IPV4_FIELD.totalLength, 2);
		if (!checksumHolds(view, offset, headerLength, 0))
			return this.#fault(BAD_IP_CHECKSUM, IPV4_FIELD.headerChecksum, 2);
		const isFragment =
			(view.getUint16(offset + IPV4_FIELD.flagsAndFragmentOffset) &
				IPV4_FRAGMENT_MASK) !==
			0;
		const protocol = view.getUint8(offset + IPV4_FIELD.protocol);
		this.family = 4;
		this.source[0] = 0;
		this.source[1] = 0;
		this.source[2] = MAPPED_PREFIX_WORD;
		this.source[3] = view.getInt32(offset + IPV4_FIELD.source);
		this.destination[0] = 0;
		this.destination[1] = 0;
		this.destination[2] = MAPPED_PREFIX_WORD;
		const destination = view.getInt32(offset + IPV4_FIELD.destination);
		this.destination[3] = destination;
		if (protocol === TCP_PROTOCOL && isFragment) {
			this.fragment.readIpv4(view, offset);
			return this.#bindFragment(IPV4_FIELD.flagsAndFragmentOffset);
		}
		if (protocol === TCP_PROTOCOL)
			return this.#bindTcp(offset + headerLength, totalLength - headerLength);
		// 224.0.0.0/4 and the limited broadcast address: what a fresh interface always hears.
		if (destination >>> 28 === 0xe || destination === -1)
			return this.#fault(CHATTER, IPV4_FIELD.destination, 4);
		if (protocol !== ICMPV4_PROTOCOL || isFragment)
			return this.#fault(NOT_TCP, IPV4_FIELD.protocol, 1);
		if (totalLength < headerLength + 8)
			return this.#fault(TRUNCATED, IPV4_FIELD.totalLength, 2);
		this.tcpOffset = offset + headerLength;
		this.tcpLength = totalLength - headerLength;
		return ICMPV4_ERROR_TYPES.has(view.getUint8(offset + headerLength))
			? ICMP_ERROR
			: this.#fault(NOT_TCP, headerLength, 1);
	}

	#bindIpv6(offset: number, length: number): number {
		const view = this.#view;
		if (length < IPV6_HEADER_BYTES) return this.#fault(TRUNCATED, 0, length);
		const packetLength =
			IPV6_HEADER_BYTES + view.getUint16(offset + IPV6_FIELD.payloadLength);
		if (packetLength > length)
			return this.#fault(TRUNCATED, IPV6_FIELD.payloadLength, 2);
		this.#range.start = offset;
		this.#range.end = offset + packetLength;
		const chain = this.#chain;
		const verdict = walkExtensionHeaders(view, this.#range, chain);
		if (verdict === CHAIN.malformed)
			return this.#fault(
				BAD_EXTENSION_CHAIN,
				IPV6_HEADER_BYTES,
				packetLength - IPV6_HEADER_BYTES,
			);
		this.family = 6;
		for (let word = 0; word < 4; word++) {
			this.source[word] = view.getInt32(offset + IPV6_FIELD.source + word * 4);
			this.destination[word] = view.getInt32(
				offset + IPV6_FIELD.destination + word * 4,
			);
		}
		const rest = offset + packetLength - chain.offset;
		const isFragment = verdict === CHAIN.fragment;
		const mayHoldTcp =
			chain.protocol === TCP_PROTOCOL || isExtensionHeader(chain.protocol);
		if (isFragment && mayHoldTcp) {
			this.fragment.readIpv6(view, offset, chain);
			return this.#bindFragment(chain.offset + 2 - offset);
		}
		if (chain.protocol === TCP_PROTOCOL)
			return this.#bindTcp(chain.offset, rest);
		if (view.getUint8(offset + IPV6_FIELD.destination) === 0xff)
			return this.#fault(CHATTER, IPV6_FIELD.destination, 16);
		if (chain.protocol !== ICMPV6_PROTOCOL || isFragment)
			return this.#fault(NOT_TCP, IPV6_FIELD.nextHeader, 1);
		if (rest < 8) return this.#fault(TRUNCATED, IPV6_FIELD.payloadLength, 2);
		this.tcpOffset = chain.offset;
		this.tcpLength = rest;
		// RFC 4861 §4: types 133 to 137 are neighbour discovery.
		return view.getUint8(chain.offset) < ICMPV6_FIRST_INFORMATIONAL_TYPE
			? ICMP_ERROR
			: this.#fault(CHATTER, chain.offset - offset, 1);
	}

	/** The fault, should there be one, is where the packet says what part it is. */
	#bindFragment(placeField: number): number {
		this.tcpOffset = this.ipOffset;
		this.tcpLength = this.fragment.packetLength;
		return this.#fault(FRAGMENT, placeField, 2);
	}

	#bindTcp(offset: number, length: number): number {
		const start = offset - this.ipOffset;
		if (length < TCP_HEADER_BYTES) return this.#fault(TRUNCATED, start, length);
		const view = this.#view;
		const headerLength =
			(view.getUint8(offset + TCP_FIELD.dataOffset) >>> 4) * 4;
		if (headerLength < TCP_HEADER_BYTES || headerLength > length)
			return this.#fault(BAD_DATA_OFFSET, start + TCP_FIELD.dataOffset, 1);
		this.tcpOffset = offset;
		this.tcpLength = length;
		this.payloadOffset = offset + headerLength;
		this.payloadLength = length - headerLength;
		this.sourcePort = view.getUint16(offset + TCP_FIELD.sourcePort);
		this.destinationPort = view.getUint16(offset + TCP_FIELD.destinationPort);
		this.segSeq = view.getInt32(offset + TCP_FIELD.sequence);
		this.segAck = view.getInt32(offset + TCP_FIELD.acknowledgement);
		this.controlBits = view.getUint8(offset + TCP_FIELD.controlBits);
		this.window = view.getUint16(offset + TCP_FIELD.window);
		return ACCEPT;
	}

	/** Sums the bound segment in TypeScript: for a device that could not vouch for the checksum. */
	verifyTcpChecksum(): boolean {
		let pseudoSum = TCP_PROTOCOL + this.tcpLength;
		for (let word = this.family === 4 ? 3 : 0; word < 4; word++) {
			pseudoSum +=
				halfWords(this.source[word] ?? 0) +
				halfWords(this.destination[word] ?? 0);
		}
		return checksumHolds(this.#view, this.tcpOffset, this.tcpLength, pseudoSum);
	}
}

/** Sum of a word's two 16-bit halves. */
export function halfWords(word: number): number {
	return (word >>> 16) + (word & 0xffff);
}

// What one IP fragment says about itself, in octets, for both families: RFC 791 §3.2 and RFC 8200 §4.5.

import {
	IPV4_FIELD,
	IPV4_FRAGMENT_OFFSET_MASK,
	IPV4_MORE_FRAGMENTS,
} from "./ipv4.js";
import {
	type ExtensionChain,
	FRAGMENT_HEADER_BYTES,
	IPV6_FIELD,
	IPV6_HEADER_BYTES,
} from "./ipv6.js";

/** One instance is reused. The packet's headers have been checked by the segment view before. */
export class FragmentFields {
	/** 16 bits in IPv4, 32 in IPv6 (as a signed integer). */
	identification = 0;
	/** Where in the datagram's fragmentable part the payload belongs: a multiple of 8. */
	start = 0;
	/** Octets of payload. */
	length = 0;
	hasMore = false;
	/** Where the payload lies in the arena. */
	payloadOffset = 0;
	/** The whole fragment, without padding behind it. */
	packetLength = 0;
	/** Octets in front of the payload that belong to the datagram: IPv4 header, or IPv6 headers before the Fragment header. */
	headerLength = 0;
	/** IPv6: which octet of these names the Fragment header; it has to name `protocol` instead. */
	namedAt = 0;
	/** IPv4's protocol, or the next header that the Fragment header names. */
	protocol = 0;

	readIpv4(view: DataView, at: number): void {
		const place = view.getUint16(at + IPV4_FIELD.flagsAndFragmentOffset);
		this.headerLength = (view.getUint8(at) & 0x0f) * 4;
		this.packetLength = view.getUint16(at + IPV4_FIELD.totalLength);
		this.identification = view.getUint16(at + IPV4_FIELD.identification);
		this.start = (place & IPV4_FRAGMENT_OFFSET_MASK) * 8;
		this.hasMore = (place & IPV4_MORE_FRAGMENTS) !== 0;
		this.payloadOffset = at + this.headerLength;
		this.length = this.packetLength - this.headerLength;
		this.namedAt = 0;
		this.protocol = view.getUint8(at + IPV4_FIELD.protocol);
	}

	/** @param chain walked to the Fragment header. */
	readIpv6(view: DataView, at: number, chain: ExtensionChain): void {
		const place = view.getUint16(chain.offset + 2);
		this.headerLength = chain.offset - at;
		this.packetLength =
			IPV6_HEADER_BYTES + view.getUint16(at + IPV6_FIELD.payloadLength);
		this.identification = view.getInt32(chain.offset + 4);
		// The upper 13 bits count units of 8 octets, so without the lower three they are octets already.
		this.start = place & 0xfff8;
		this.hasMore = (place & 1) !== 0;
		this.payloadOffset = chain.offset + FRAGMENT_HEADER_BYTES;
		this.length = at + this.packetLength - this.payloadOffset;
		this.namedAt = chain.namedAt - at;
		this.protocol = chain.protocol;
	}
}

// What a test wants to know of a segment, and the small bytes it is made from.

import type { WirePacket } from "./engine-host.js";

/** `size` octets, all `fill`. */
export function datagram(size: number, fill: number): Uint8Array {
	return new Uint8Array(size).fill(fill & 0xff);
}

/** For large datagrams, where a matcher's own comparison takes seconds. */
export function areSameOctets(
	some: readonly Uint8Array[],
	others: readonly Uint8Array[],
): boolean {
	return (
		some.length === others.length &&
		some.every((one, index) => {
			const other = others[index];
			return (
				one.length === other?.length &&
				one.every((octet, at) => octet === other[at])
			);
		})
	);
}

export function toHex(bytes: Uint8Array): string {
	return [...bytes]
		.map((octet) => octet.toString(16).padStart(2, "0"))
		.join("");
}

export function fromHex(hex: string): Uint8Array {
	return Uint8Array.from(hex.match(/../g) ?? [], (pair) =>
		Number.parseInt(pair, 16),
	);
}

/** ASCII as octets. */
export function fromText(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A segment's header fields; numbers unsigned, options in hex. */
export interface SegmentSummary {
	readonly bits: number;
	readonly seq: number;
	readonly ack: number;
	readonly window: number;
	readonly options: string;
	readonly payloadLength: number;
	readonly identification: number;
	readonly sourcePort: number;
	readonly destinationPort: number;
}

export function summarize(packet: WirePacket): SegmentSummary {
	const view = new DataView(
		packet.bytes.buffer,
		packet.bytes.byteOffset,
		packet.bytes.byteLength,
	);
	const tcp = view.getUint8(0) >>> 4 === 4 ? 20 : 40;
	const length = (view.getUint8(tcp + 12) >>> 4) * 4;
	return {
		bits: view.getUint8(tcp + 13),
		seq: view.getUint32(tcp + 4),
		ack: view.getUint32(tcp + 8),
		window: view.getUint16(tcp + 14),
		options: toHex(packet.bytes.subarray(tcp + 20, tcp + length)),
		payloadLength: packet.bytes.length - tcp - length,
		identification: view.getUint16(4),
		sourcePort: view.getUint16(tcp),
		destinationPort: view.getUint16(tcp + 2),
	};
}

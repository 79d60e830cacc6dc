// The blocks of a pcapng file, values to bytes, little-endian (draft-ietf-opsawg-pcapng).

/** Types of blocks. */
export const BLOCK = {
	sectionHeader: 0x0a0d0d0a,
	interfaceDescription: 1,
	interfaceStatistics: 5,
	enhancedPacket: 6,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const MAJOR_VERSION = 1;
const MINOR_VERSION = 0;
/** Packets begin with the IP header, of either version. */
const LINKTYPE_RAW = 101;
/** 10⁻⁹ seconds. */
const NANOSECONDS = 9;

const END_OF_OPTIONS = 0;
const COMMENT = 1;
const SECTION_OPTION = { operatingSystem: 3, application: 4 } as const;
const INTERFACE_OPTION = { name: 2, description: 3, resolution: 9 } as const;
const PACKET_OPTION = { flags: 2, lost: 4 } as const;
const STATISTICS_OPTION = { startTime: 2, received: 4, lost: 5 } as const;

/** `epb_flags`: the lowest two bits are the direction. */
const INBOUND = 1;
const OUTBOUND = 2;

/** In front of each block: its type and its length. */
export const BLOCK_HEAD_BYTES = 8;
const BLOCK_TAIL_BYTES = 4;

export interface SectionHeader {
	readonly application: string;
	readonly operatingSystem: string;
	readonly comment: string;
}

export interface InterfaceDescription {
	readonly name: string;
	readonly description: string;
	readonly snapBytes: number;
}

export interface EnhancedPacket {
	readonly unixNs: bigint;
	readonly isOutgoing: boolean;
	/** Real length, octets. */
	readonly packetBytes: number;
	/** The part that was kept. */
	readonly bytes: Uint8Array;
	/** Packets lost right before this one. */
	readonly lost: number;
	/** "" for none. */
	readonly comment: string;
}

export interface InterfaceStatistics {
	readonly unixNs: bigint;
	/** When the capture began. */
	readonly startUnixNs: bigint;
	/** Packets that came by, recorded or not. */
	readonly received: number;
	readonly lost: number;
}

interface Option {
	readonly code: number;
	readonly value: Uint8Array;
}

export function sectionHeaderBlock(section: SectionHeader): Uint8Array {
	const fixed = fixedPart(16);
	fixed.setUint32(0, BYTE_ORDER_MAGIC, true);
	fixed.setUint16(4, MAJOR_VERSION, true);
	fixed.setUint16(6, MINOR_VERSION, true);
	// The length of the section is not known while it is streamed.
	fixed.setBigInt64(8, -1n, true);
	const options = [
		textOption(COMMENT, section.comment),
		textOption(SECTION_OPTION.operatingSystem, section.operatingSystem),
		textOption(SECTION_OPTION.application, section.application),
	];
	return block({ type: BLOCK.sectionHeader, fixed, options });
}

export function interfaceDescriptionBlock(
	description: InterfaceDescription,
): Uint8Array {
	const fixed = fixedPart(8);
	fixed.setUint16(0, LINKTYPE_RAW, true);
	fixed.setUint32(4, description.snapBytes, true);
	const options = [
		textOption(INTERFACE_OPTION.name, description.name),
		textOption(INTERFACE_OPTION.description, description.description),
		{ code: INTERFACE_OPTION.resolution, value: Uint8Array.of(NANOSECONDS) },
	];
	return block({ type: BLOCK.interfaceDescription, fixed, options });
}

/** Of interface 0. */
export function enhancedPacketBlock(packet: EnhancedPacket): Uint8Array {
	const fixed = fixedPart(20);
	setTime(fixed, 4, packet.unixNs);
	fixed.setUint32(12, packet.bytes.length, true);
	fixed.setUint32(16, packet.packetBytes, true);
	const flags = fixedPart(4);
	flags.setUint32(0, packet.isOutgoing ? OUTBOUND : INBOUND, true);
	const options = [
		{ code: PACKET_OPTION.flags, value: new Uint8Array(flags.buffer) },
		...(packet.lost === 0
			? []
			: [countOption(PACKET_OPTION.lost, packet.lost)]),
		...(packet.comment === "" ? [] : [textOption(COMMENT, packet.comment)]),
	];
	return block({
		type: BLOCK.enhancedPacket,
		fixed,
		body: packet.bytes,
		options,
	});
}

/** Of interface 0. */
export function interfaceStatisticsBlock(
	statistics: InterfaceStatistics,
): Uint8Array {
	const fixed = fixedPart(12);
	setTime(fixed, 4, statistics.unixNs);
	const start = fixedPart(8);
	setTime(start, 0, statistics.startUnixNs);
	const options = [
		{
			code: STATISTICS_OPTION.startTime,
			value: new Uint8Array(start.buffer),
		},
		countOption(STATISTICS_OPTION.received, statistics.received),
		countOption(STATISTICS_OPTION.lost, statistics.lost),
	];
	return block({ type: BLOCK.interfaceStatistics, fixed, options });
}

function fixedPart(bytes: number): DataView<ArrayBuffer> {
	return new DataView(new ArrayBuffer(bytes));
}

/** The upper half first, each half little-endian (§4.3). */
function setTime(view: DataView, at: number, unixNs: bigint): void {
	view.setUint32(at, Number(BigInt.asUintN(32, unixNs >> 32n)), true);
	view.setUint32(at + 4, Number(BigInt.asUintN(32, unixNs)), true);
}

function textOption(code: number, text: string): Option {
	return { code, value: new TextEncoder().encode(text) };
}

function countOption(code: number, count: number): Option {
	const value = fixedPart(8);
	value.setBigUint64(0, BigInt(count), true);
	return { code, value: new Uint8Array(value.buffer) };
}

/** Everything is padded to 32 bits, the lengths do not count the padding (§3.1, §3.5). */
function padded(bytes: number): number {
	return (bytes + 3) & ~3;
}

interface BlockParts {
	readonly type: number;
	readonly fixed: DataView;
	/** The packet, where there is one. */
	readonly body?: Uint8Array;
	readonly options: readonly Option[];
}

function block({ type, fixed, body, options }: BlockParts): Uint8Array {
	const bodyBytes = body?.length ?? 0;
	const optionBytes = options.reduce(
		(sum, { value }) => sum + 4 + padded(value.length),
		4,
	);
	const length =
		BLOCK_HEAD_BYTES +
		fixed.byteLength +
		padded(bodyBytes) +
		optionBytes +
		BLOCK_TAIL_BYTES;
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, type, true);
	view.setUint32(4, length, true);
	let at = BLOCK_HEAD_BYTES;
	bytes.set(new Uint8Array(fixed.buffer), at);
	at += fixed.byteLength;
	if (body !== undefined) bytes.set(body, at);
	at += padded(bodyBytes);
	for (const { code, value } of options) {
		view.setUint16(at, code, true);
		view.setUint16(at + 2, value.length, true);
		bytes.set(value, at + 4);
		at += 4 + padded(value.length);
	}
	view.setUint16(at, END_OF_OPTIONS, true);
	view.setUint32(length - BLOCK_TAIL_BYTES, length, true);
	return bytes;
}

// A raw segment as one line of text, so that two programs' answers can be compared and read by a person.

const BIT_NAMES = [
	[0x04, "RST"],
	[0x02, "SYN"],
	[0x10, "ACK"],
	[0x08, "PSH"],
	[0x01, "FIN"],
	[0x20, "URG"],
	[0x40, "ECE"],
	[0x80, "CWR"],
] as const;

export interface SegmentPorts {
	readonly source: number;
	readonly destination: number;
}

export function segmentPorts(packet: Buffer): SegmentPorts {
	const at = ipHeaderBytes(packet);
	return {
		source: packet.readUInt16BE(at),
		destination: packet.readUInt16BE(at + 2),
	};
}

/** Null for what is not TCP (the kernel's own chatter on a new TUN). */
export function describeSegment(packet: Buffer): string | null {
	const isV4 = packet.length >= 40 && (packet[0] ?? 0) >> 4 === 4;
	const isV6 = packet.length >= 60 && (packet[0] ?? 0) >> 4 === 6;
	if (!isV4 && !isV6) return null;
	if (packet[isV4 ? 9 : 6] !== 6) return null;
	const tcp = packet.subarray(ipHeaderBytes(packet));
	const bits = tcp[13] ?? 0;
	const headerBytes = ((tcp[12] ?? 0) >> 4) * 4;
	const names = BIT_NAMES.filter(([bit]) => (bits & bit) !== 0);
	const options = tcp.subarray(20, headerBytes).toString("hex");
	return [
		names.map(([, name]) => name).join("+") || "none",
		`seq=${tcp.readUInt32BE(4)}`,
		`ack=${tcp.readUInt32BE(8)}`,
		`win=${tcp.readUInt16BE(14)}`,
		options === "" ? "" : `options=${options}`,
		`len=${tcp.length - headerBytes}`,
		isV4 ? describeIpv4(packet) : describeIpv6(packet),
		hasGoodChecksum(packet) ? "" : "BAD CHECKSUM",
	]
		.filter(Boolean)
		.join(" ");
}

/** The kernel between the programs has taken one off TTL and hop limit. */
function describeIpv4(packet: Buffer): string {
	const flags = (packet[6] ?? 0) >> 5;
	return `ttl=${packet[8]} tos=${packet[1]} id=${packet.readUInt16BE(4)}${flags === 2 ? " DF" : ""}`;
}

function describeIpv6(packet: Buffer): string {
	return `hops=${packet[7]} flow=${packet.readUInt32BE(0) & 0xfffffff}`;
}

function ipHeaderBytes(packet: Buffer): number {
	return (packet[0] ?? 0) >> 4 === 4 ? ((packet[0] ?? 0) & 15) * 4 : 40;
}

function hasGoodChecksum(packet: Buffer): boolean {
	const at = ipHeaderBytes(packet);
	const isV4 = (packet[0] ?? 0) >> 4 === 4;
	const addresses = isV4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
	const tcp = packet.subarray(at);
	const sum = sumWords(addresses) + 6 + tcp.length + sumWords(tcp);
	return fold(sum) === 0xffff;
}

function sumWords(bytes: Buffer): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2)
		sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
	return sum;
}

function fold(sum: number): number {
	let folded = sum;
	while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
	return folded;
}

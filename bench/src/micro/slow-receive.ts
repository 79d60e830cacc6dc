// The slow reference of receiving: everything as objects and strings, one datagram at a time, each copied.

const TCP_BYTES = 20;

interface SlowSegment {
	readonly source: string;
	readonly destination: string;
	readonly sourcePort: number;
	readonly destinationPort: number;
	readonly sequence: number;
	readonly acknowledgement: number;
	readonly controlBits: ReadonlySet<string>;
	readonly payload: Uint8Array;
}

const CONTROL_BITS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/** Reads an IPv4 packet with a TCP segment without options. @returns null for anything else. */
export function slowParse(packet: Uint8Array): SlowSegment | null {
	const view = new DataView(
		packet.buffer,
		packet.byteOffset,
		packet.byteLength,
	);
	if (view.getUint8(0) !== 0x45 || view.getUint8(9) !== 6) return null;
	const bits = view.getUint8(33);
	return {
		source: [...packet.subarray(12, 16)].join("."),
		destination: [...packet.subarray(16, 20)].join("."),
		sourcePort: view.getUint16(20),
		destinationPort: view.getUint16(22),
		sequence: view.getUint32(24),
		acknowledgement: view.getUint32(28),
		controlBits: new Set(
			CONTROL_BITS.filter((_, index) => (bits & (1 << index)) !== 0),
		),
		payload: packet.subarray(20 + TCP_BYTES),
	};
}

/** The Internet checksum octet by octet, folding after each word. */
export function slowChecksum(bytes: Uint8Array): number {
	let sum = 0;
	for (let at = 0; at < bytes.length; at += 2) {
		const word = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
		sum += word;
		sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
	}
	return ~sum & 0xffff;
}

/** Whether the TCP checksum of an IPv4 packet is right. */
export function slowVerify(packet: Uint8Array): boolean {
	const tcpLength = packet.length - 20;
	const summed = new Uint8Array(12 + tcpLength);
	summed.set(packet.subarray(12, 20));
	summed.set([0, 6, tcpLength >> 8, tcpLength & 0xff], 8);
	summed.set(packet.subarray(20), 12);
	return slowChecksum(summed) === 0;
}

export class SlowReceiver {
	readonly delivered = new Map<string, number>();

	/** @param segmentSize octets of each datagram in the payload; 0: one datagram. */
	receive(packet: Uint8Array, segmentSize: number): void {
		const segment = slowParse(packet);
		if (segment === null || !segment.controlBits.has("ACK")) return;
		const key = `${segment.source}:${segment.sourcePort}-${segment.destination}:${segment.destinationPort}`;
		const step = segmentSize || segment.payload.length;
		const datagrams: Uint8Array[] = [];
		for (let at = 0; at < segment.payload.length; at += step)
			datagrams.push(segment.payload.slice(at, at + step));
		const bytes = datagrams.reduce((sum, { length }) => sum + length, 0);
		this.delivered.set(key, (this.delivered.get(key) ?? 0) + bytes);
	}
}

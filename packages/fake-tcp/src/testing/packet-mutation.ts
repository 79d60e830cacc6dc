// Damages a packet the way attackers and broken devices do: cut short, lengths that lie, options that lie, odd chains, flipped bits.

import { fixIpv4Checksum } from "./packet-forge.js";
import type { SeededRandom } from "./seeded-random.js";

/** Writes into the packet or answers with another one. */
type Mutation = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

function isIpv4(bytes: Uint8Array): boolean {
	return (bytes[0] ?? 0) >>> 4 === 4;
}

/** Where TCP would start if the lengths were true. */
function tcpOffset(bytes: Uint8Array): number {
	return isIpv4(bytes) ? ((bytes[0] ?? 0) & 0x0f) * 4 : 40;
}

/** A number of 16 bits at `at`; nothing when it would not fit. */
function put16(bytes: Uint8Array, at: number, value: number): void {
	if (at + 2 > bytes.length) return;
	bytes[at] = value >>> 8;
	bytes[at + 1] = value;
}

function put8(bytes: Uint8Array, at: number, value: number): void {
	if (at < bytes.length) bytes[at] = value;
}

const truncate: Mutation = (bytes, random) =>
	bytes.slice(0, random.below(bytes.length + 1));

const pad: Mutation = (bytes, random) => {
	const padded = new Uint8Array(bytes.length + random.between(1, 60));
	padded.set(bytes);
	padded.fill(random.below(256), bytes.length);
	return padded;
};

const flipBits: Mutation = (bytes, random) => {
	for (let flips = random.between(1, 8); flips > 0; flips--) {
		const bit = random.below(bytes.length * 8);
		put8(bytes, bit >>> 3, (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7)));
	}
	return bytes;
};

/** Most often in the headers, where an octet means something. */
const setOctets: Mutation = (bytes, random) => {
	for (let octets = random.between(1, 4); octets > 0; octets--)
		put8(
			bytes,
			random.below(Math.min(bytes.length, 80)),
			random.pick([0, 1, 2, 0x7f, 0x80, 0xff, random.below(256)]),
		);
	return bytes;
};

const lieAboutIpLength: Mutation = (bytes, random) => {
	const length = bytes.length - (isIpv4(bytes) ? 0 : 40);
	const lie = random.chance(0.5)
		? length + random.between(-24, 24)
		: random.oddNumber16();
	put16(bytes, isIpv4(bytes) ? 2 : 4, lie & 0xffff);
	return bytes;
};

const lieAboutHeaderLength: Mutation = (bytes, random) => {
	if (isIpv4(bytes)) put8(bytes, 0, 0x40 | random.below(16));
	else put8(bytes, 0, random.below(256));
	return bytes;
};

const lieAboutDataOffset: Mutation = (bytes, random) => {
	put8(bytes, tcpOffset(bytes) + 12, random.below(16) << 4);
	return bytes;
};

const lieInOptions: Mutation = (bytes, random) => {
	const tcp = tcpOffset(bytes);
	put8(bytes, tcp + 12, random.between(5, 15) << 4);
	for (let octets = random.between(1, 6); octets > 0; octets--)
		put8(
			bytes,
			tcp + 20 + random.below(40),
			random.pick([0, 1, 2, 3, 4, 5, 8, 255]),
		);
	return bytes;
};

const makeFragment: Mutation = (bytes, random) => {
	if (isIpv4(bytes)) {
		put16(
			bytes,
			6,
			random.pick([0x2000, 0x00b9, 0x2001, 0x1fff, 0x3fff, 0x4001]),
		);
		return bytes;
	}
	if (bytes.length < 40) return bytes;
	return insert(bytes, 40, fragmentHeader(bytes[6] ?? 0, random), 44);
};

function fragmentHeader(next: number, random: SeededRandom): Uint8Array {
	const header = random.bytes(8);
	header[0] = next;
	header[1] = random.pick([0, 0, 0, 255]);
	put16(header, 2, random.pick([0, 1, 8, 9, 0xfff8, 0xfff9, 0x0006]));
	return header;
}

/** IPv6: between the fixed header and what follows; the chain is kept, unless the header itself lies. */
function insert(
	bytes: Uint8Array,
	at: number,
	header: Uint8Array,
	number: number,
): Uint8Array {
	const longer = new Uint8Array(bytes.length + header.length);
	longer.set(bytes.subarray(0, at));
	longer.set(header, at);
	longer.set(bytes.subarray(at), at + header.length);
	longer[6] = number;
	put16(longer, 4, longer.length - 40);
	return longer;
}

const chainExtensions: Mutation = (bytes, random) => {
	if (isIpv4(bytes) || bytes.length < 40) return bytes;
	let longer = bytes;
	for (let headers = random.between(1, 10); headers > 0; headers--) {
		const units = random.chance(0.8) ? random.below(3) : random.below(256);
		const header = new Uint8Array(8 * (random.chance(0.8) ? units + 1 : 1));
		header[0] = longer[6] ?? 0;
		header[1] = units;
		const number = random.pick([0, 43, 60, 60, 44, 50, 51, 59, 135, 139]);
		longer = insert(longer, 40, header, number);
	}
	return longer;
};

const changeProtocol: Mutation = (bytes, random) => {
	put8(
		bytes,
		isIpv4(bytes) ? 9 : 6,
		random.pick([0, 1, 2, 6, 17, 41, 44, 47, 58, 59, 255]),
	);
	return bytes;
};

const changeControlBits: Mutation = (bytes, random) => {
	put8(bytes, tcpOffset(bytes) + 13, random.below(256));
	return bytes;
};

const changeNumbers: Mutation = (bytes, random) => {
	const tcp = tcpOffset(bytes);
	put16(bytes, tcp + random.pick([4, 6, 8, 10, 14]), random.oddNumber16());
	return bytes;
};

const changeAddress: Mutation = (bytes, random) => {
	const first = isIpv4(bytes) ? 12 : 8;
	const size = isIpv4(bytes) ? 8 : 32;
	put8(bytes, first + random.below(size), random.pick([0, 127, 224, 255]));
	return bytes;
};

const MUTATIONS = {
	truncate,
	pad,
	flipBits,
	setOctets,
	lieAboutIpLength,
	lieAboutHeaderLength,
	lieAboutDataOffset,
	lieInOptions,
	makeFragment,
	chainExtensions,
	changeProtocol,
	changeControlBits,
	changeNumbers,
	changeAddress,
} as const satisfies Record<string, Mutation>;

type MutationName = keyof typeof MUTATIONS;
const NAMES = Object.keys(MUTATIONS) as readonly MutationName[];

export interface MutatedPacket {
	readonly bytes: Uint8Array;
	/** What was done, for the message of a failure. */
	readonly how: readonly string[];
}

/** Up to three mutations, or any bytes; the original is left alone. */
export function mutatePacket(
	original: Uint8Array,
	random: SeededRandom,
): MutatedPacket {
	if (random.chance(0.05))
		return { bytes: random.bytes(random.below(90)), how: ["any bytes"] };
	let bytes: Uint8Array = original.slice();
	const how: string[] = [];
	for (let rounds = random.between(1, 3); rounds > 0; rounds--) {
		if (bytes.length === 0) break;
		const name = random.pick(NAMES);
		bytes = MUTATIONS[name](bytes, random);
		how.push(name);
	}
	// Otherwise nearly every IPv4 packet would end at its header checksum.
	if (isIpv4(bytes) && random.chance(0.8)) {
		fixIpv4Checksum(bytes);
		how.push("IPv4 checksum made right");
	}
	return { bytes, how };
}

// Addresses between their text form and the twelve words of an endpoint.

import { isIP } from "node:net";
import { invariant } from "./invariant.js";
import {
	ENDPOINT_ADDRESS_WORD,
	ENDPOINT_LOCAL_WORD,
	ENDPOINT_PORT_SHIFT,
	ENDPOINT_WORDS,
	type SocketAddress,
} from "./udp-socket.js";

const IPV4_BYTES = 4;
const IPV6_GROUPS = 8;
const FAMILY_MASK = 0xffff;

/** The address bytes in `words` from `word` on, in network order. */
function addressBytes(words: Int32Array, word: number): Uint8Array {
	return new Uint8Array(words.buffer, words.byteOffset + word * 4, 16);
}

function ipv4Bytes(text: string): number[] {
	return text.split(".").map(Number);
}

/** The 16-bit groups of one side of `::`, with an IPv4 tail as two groups. */
function groupsOf(side: string): number[] {
	if (side === "") {
		return [];
	}
	return side.split(":").flatMap((group) => {
		if (!group.includes(".")) {
			return [Number.parseInt(group, 16)];
		}
		const [first = 0, second = 0, third = 0, fourth = 0] = ipv4Bytes(group);
		return [(first << 8) | second, (third << 8) | fourth];
	});
}

function ipv6Bytes(text: string): number[] {
	const [head = "", tail] = text.split("::");
	const left = groupsOf(head);
	const right = tail === undefined ? [] : groupsOf(tail);
	const zeros = Array<number>(IPV6_GROUPS - left.length - right.length).fill(0);
	return [...left, ...zeros, ...right].flatMap((group) => [
		group >>> 8,
		group & 0xff,
	]);
}

/** Where the longest run of two or more zero groups lies (RFC 5952 §4.2), null when there is none. */
function longestZeroRun(
	groups: readonly number[],
): { readonly start: number; readonly end: number } | null {
	let best: { start: number; end: number } | null = null;
	for (let start = 0; start < groups.length; start += 1) {
		let end = start;
		while (groups[end] === 0) {
			end += 1;
		}
		if (
			end - start >= 2 &&
			(best === null || end - start > best.end - best.start)
		) {
			best = { start, end };
		}
	}
	return best;
}

function formatIpv6(bytes: Uint8Array): string {
	const groups = Array.from(
		{ length: IPV6_GROUPS },
		(_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0),
	);
	const run = longestZeroRun(groups);
	const text = (some: readonly number[]) =>
		some.map((group) => group.toString(16)).join(":");
	return run === null
		? text(groups)
		: `${text(groups.slice(0, run.start))}::${text(groups.slice(run.end))}`;
}

function formatAddress(family: 4 | 6, bytes: Uint8Array): string {
	return family === 4
		? Array.from(bytes.subarray(0, IPV4_BYTES)).join(".")
		: formatIpv6(bytes);
}

function familyAt(words: Int32Array, start: number): 4 | 6 {
	const family = (words[start] ?? 0) & FAMILY_MASK;
	invariant(family === 4 || family === 6, "These words hold no endpoint.");
	return family;
}

/** @returns `ENDPOINT_WORDS` words with family, port and remote address; all zero for `undefined`. */
export function endpointWords(address: SocketAddress | undefined): Int32Array {
	const words = new Int32Array(ENDPOINT_WORDS);
	if (address === undefined) {
		return words;
	}
	invariant(
		isIP(address.address) === address.family,
		`${address.address} is not an IPv${address.family} address.`,
	);
	words[0] = address.family | (address.port << ENDPOINT_PORT_SHIFT);
	const bytes =
		address.family === 4
			? ipv4Bytes(address.address)
			: ipv6Bytes(address.address);
	addressBytes(words, ENDPOINT_ADDRESS_WORD).set(bytes);
	return words;
}

/** The remote address of the endpoint that starts at word `start`. */
export function remoteAddress(words: Int32Array, start: number): SocketAddress {
	const family = familyAt(words, start);
	return {
		family,
		address: formatAddress(
			family,
			addressBytes(words, start + ENDPOINT_ADDRESS_WORD),
		),
		port: (words[start] ?? 0) >>> ENDPOINT_PORT_SHIFT,
	};
}

/** The local address of the endpoint that starts at word `start`, null when it is unknown. */
export function localAddressText(
	words: Int32Array,
	start: number,
): string | null {
	const bytes = addressBytes(words, start + ENDPOINT_LOCAL_WORD);
	return bytes.every((byte) => byte === 0)
		? null
		: formatAddress(familyAt(words, start), bytes);
}

/** Writes the local address of the endpoint that starts at word `start`, in the family that word names. */
export function writeLocalAddress(
	words: Int32Array,
	start: number,
	address: string,
): void {
	const bytes =
		familyAt(words, start) === 4 ? ipv4Bytes(address) : ipv6Bytes(address);
	addressBytes(words, start + ENDPOINT_LOCAL_WORD)
		.fill(0)
		.set(bytes);
}

// IP addresses as four 32-bit words; an IPv4 address takes its IPv4-mapped form (RFC 4291 §2.5.5.2), so one table holds both families.

export type IpFamily = 4 | 6;

/** Big-endian words of an address: `[0, 0, 0xffff, v4]` for IPv4. Signed 32-bit integers. */
export interface IpAddress {
	readonly family: IpFamily;
	readonly words: readonly [number, number, number, number];
}

export const MAPPED_PREFIX_WORD = 0x0000ffff;

/** Parses a literal without brackets, port or zone. @returns null when it is not an address. */
export function parseIpAddress(literal: string): IpAddress | null {
	return literal.includes(":") ? parseIpv6(literal) : parseIpv4(literal);
}

function parseIpv4(literal: string): IpAddress | null {
	const word = ipv4Word(literal);
	if (word === null) return null;
	return { family: 4, words: [0, 0, MAPPED_PREFIX_WORD, word] };
}

function ipv4Word(literal: string): number | null {
	const parts = literal.split(".");
	if (parts.length !== 4) return null;
	let word = 0;
	for (const part of parts) {
		if (!/^(0|[1-9]\d{0,2})$/.test(part)) return null;
		const octet = Number(part);
		if (octet > 255) return null;
		word = (word << 8) | octet;
	}
	return word | 0;
}

function parseIpv6(literal: string): IpAddress | null {
	const halves = literal.split("::");
	if (halves.length > 2) return null;
	const [headText = "", tailText] = halves;
	const head = groupsOf(headText);
	const tail = tailText === undefined ? [] : groupsOf(tailText);
	if (head === null || tail === null) return null;
	const missing = 8 - head.length - tail.length;
	if (tailText === undefined ? missing !== 0 : missing < 1) return null;
	const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
	const word = (index: number): number =>
		((groups[index * 2] ?? 0) << 16) | (groups[index * 2 + 1] ?? 0) | 0;
	return { family: 6, words: [word(0), word(1), word(2), word(3)] };
}

function groupsOf(text: string): number[] | null {
	if (text === "") return [];
	const parts = text.split(":");
	const groups: number[] = [];
	for (const [index, part] of parts.entries()) {
		if (part.includes(".") && index === parts.length - 1) {
			const word = ipv4Word(part);
			if (word === null) return null;
			groups.push(word >>> 16, word & 0xffff);
			continue;
		}
		if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
		groups.push(Number.parseInt(part, 16));
	}
	return groups;
}

/** The literal: dotted for IPv4, RFC 5952 form for IPv6. */
export function formatIpAddress(address: IpAddress): string {
	const [w0, w1, w2, w3] = address.words;
	if (address.family === 4) {
		return `${(w3 >>> 24) & 255}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
	}
	const groups = [w0, w1, w2, w3].flatMap((word) => [
		word >>> 16,
		word & 0xffff,
	]);
	const run = longestZeroRun(groups);
	const text = (part: number[]): string =>
		part.map((group) => group.toString(16)).join(":");
	if (run.length < 2) return text(groups);
	return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): {
	start: number;
	length: number;
} {
	let best = { start: 0, length: 0 };
	let start = 0;
	for (const [index, group] of groups.entries()) {
		if (group !== 0) start = index + 1;
		else if (index + 1 - start > best.length)
			best = { start, length: index + 1 - start };
	}
	return best;
}

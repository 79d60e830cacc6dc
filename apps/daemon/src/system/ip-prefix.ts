// Address prefixes as the kernel's routes name them: does one contain an address, and how wide is it.

import { BlockList, isIP } from "node:net";

export interface IpPrefix {
	readonly family: 4 | 6;
	/** The network's address, without the length. */
	readonly address: string;
	readonly lengthBits: number;
}

/** @param text `192.0.2.0/24`, `2001:db8::/32`, or a bare address; null for anything else (`default`, say). */
export function parsePrefix(text: string): IpPrefix | null {
	const [address = "", length] = text.split("/");
	const version = isIP(address);
	if (version === 0) return null;
	const family = version === 4 ? 4 : 6;
	const widestBits = family === 4 ? 32 : 128;
	const lengthBits = length === undefined ? widestBits : Number(length);
	const isInRange = lengthBits >= 0 && lengthBits <= widestBits;
	return Number.isInteger(lengthBits) && isInRange
		? { family, address, lengthBits }
		: null;
}

export function isInPrefix(prefix: IpPrefix, address: string): boolean {
	if (isIP(address) !== prefix.family) return false;
	const name = prefix.family === 4 ? "ipv4" : "ipv6";
	const list = new BlockList();
	list.addSubnet(prefix.address, prefix.lengthBits, name);
	return list.check(address, name);
}

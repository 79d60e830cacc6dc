// Endpoint words of the device layer as text for people and logs.

import {
	formatIpAddress,
	type IpAddress,
	parseIpAddress,
} from "@tunscope/fake-tcp";
import { ENDPOINT_ADDRESS_WORD, ENDPOINT_PORT_SHIFT } from "@tunscope/tun";

const IPV4_MAPPED_PREFIX = 0x0000ffff;

/** "192.0.2.1:80" or "[2001:db8::1]:80". */
export function formatSocketAddress(address: IpAddress, port: number): string {
	const literal = formatIpAddress(address);
	return address.family === 4 ? `${literal}:${port}` : `[${literal}]:${port}`;
}

/** @param start index of the endpoint's first word. */
export function endpointText(words: Int32Array, start: number): string {
	const head = words[start] ?? 0;
	const bytes = new DataView(words.buffer, words.byteOffset, words.byteLength);
	// The words hold network-order bytes as they lay in memory.
	const word = (index: number): number =>
		bytes.getInt32((start + ENDPOINT_ADDRESS_WORD + index) * 4);
	const family = (head & 0xffff) === 4 ? 4 : 6;
	const address: IpAddress =
		family === 4
			? { family, words: [0, 0, IPV4_MAPPED_PREFIX, word(0)] }
			: { family, words: [word(0), word(1), word(2), word(3)] };
	return formatSocketAddress(address, head >>> ENDPOINT_PORT_SHIFT);
}

/** An address literal that was checked when the configuration was read. */
export function checkedIpAddress(literal: string): IpAddress {
	const address = parseIpAddress(literal);
	if (address === null) throw new Error(`invariant violated: "${literal}" was checked to be an address`);
	return address;
}

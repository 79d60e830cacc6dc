// Addresses as text for people and logs, and address literals as words for the engine.

import {
	formatIpAddress,
	type IpAddress,
	invariant,
	parseIpAddress,
} from "@tunscope/fake-tcp";
import { remoteAddress, type SocketAddress } from "@tunscope/tun";

/** "192.0.2.1:80" or "[2001:db8::1]:80". */
export function socketAddressText(address: SocketAddress): string {
	return address.family === 4
		? `${address.address}:${address.port}`
		: `[${address.address}]:${address.port}`;
}

/** The same for an address in the engine's form. */
export function formatSocketAddress(address: IpAddress, port: number): string {
	return socketAddressText({
		family: address.family,
		address: formatIpAddress(address),
		port,
	});
}

/** @param start index of the endpoint's first word. */
export function endpointText(words: Int32Array, start: number): string {
	return socketAddressText(remoteAddress(words, start));
}

/** An address literal that was checked when the configuration was read. */
export function checkedIpAddress(literal: string): IpAddress {
	const address = parseIpAddress(literal);
	invariant(address !== null, `"${literal}" was checked to be an address`);
	return address;
}

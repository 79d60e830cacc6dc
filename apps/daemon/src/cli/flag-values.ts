// Turns the text after a flag into a value, or says what is wrong with it and what would be right.

import { isIPv4, isIPv6 } from "node:net";
import { isInterfaceName, TUNNEL_LIMITS } from "@tunscope/shared/lean";
import { InvalidArgumentError } from "commander";

export interface HostPort {
	readonly host: string;
	readonly port: number;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
	ms: 1,
	s: 1_000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
};

/** `1.2.3.4:5`, `[2001:db8::1]:5` or `host:5`. */
export function parseHostPort(text: string): HostPort {
	const bracketed = /^\[([^\]]*)\]:(\d+)$/.exec(text);
	if (bracketed !== null) {
		const [, host = "", port = ""] = bracketed;
		if (!isIPv6(host) || host.includes("%")) {
			throw new InvalidArgumentError(`"${host}" is not an IPv6 address.`);
		}
		return { host, port: parsePort(port) };
	}
	if (isIPv6(text) || /:.*:/.test(text)) {
		throw new InvalidArgumentError(
			"Put an IPv6 address into brackets, like [2001:db8::1]:4567.",
		);
	}
	const plain = /^([^\s:[\]/]+):(\d+)$/.exec(text);
	if (plain === null) {
		throw new InvalidArgumentError(
			"Expected IP:PORT, [IPv6]:PORT or NAME:PORT, like 192.0.2.1:4567.",
		);
	}
	const [, host = "", port = ""] = plain;
	if (/^[\d.]+$/.test(host) && !isIPv4(host)) {
		throw new InvalidArgumentError(`"${host}" is not an IPv4 address.`);
	}
	if (host.length > TUNNEL_LIMITS.hostBytes.max) {
		throw new InvalidArgumentError(
			`A host name has at most ${TUNNEL_LIMITS.hostBytes.max} characters.`,
		);
	}
	return { host, port: parsePort(port) };
}

/** An address to listen on: a literal, not a name. */
export function parseListenAddress(text: string): HostPort {
	if (/^\d+$/.test(text)) {
		throw new InvalidArgumentError(
			`A client listens on IP:PORT, like 127.0.0.1:${text} (only a server takes a bare port).`,
		);
	}
	const value = parseHostPort(text);
	if (isIPv4(value.host) || isIPv6(value.host)) return value;
	throw new InvalidArgumentError(
		"Expected an address literal, like 127.0.0.1:1234 or [::]:1234.",
	);
}

/** A server's fake-TCP port. */
export function parseServerPort(text: string): number {
	if (text.includes(":")) {
		const port = text.slice(text.lastIndexOf(":") + 1);
		throw new InvalidArgumentError(
			`A server takes a bare port, like ${/^\d+$/.test(port) ? port : "4567"}; it answers on all addresses (restrict it with --interface).`,
		);
	}
	return parsePort(text);
}

function parsePort(text: string): number {
	return parseInteger(text, TUNNEL_LIMITS.port, "a port");
}

export function parseMaxFlows(text: string): number {
	return parseInteger(text, TUNNEL_LIMITS.maxFlows, "a number of flows");
}

export function parseLinkMtu(text: string): "auto" | number {
	if (text === "auto") return "auto";
	return parseInteger(
		text,
		TUNNEL_LIMITS.linkMtuBytes,
		"`auto` or a number of bytes",
	);
}

/** Seconds, or a number with a unit. @returns milliseconds */
export function parseIdleTimeoutMs(text: string): number {
	const { min, max } = TUNNEL_LIMITS.idleTimeoutMs;
	const [, digits = "", unit = "s"] =
		/^(\d{1,12})(ms|s|m|h|d)?$/.exec(text) ?? [];
	const milliseconds = Number(digits) * (MS_PER_UNIT[unit] ?? Number.NaN);
	if (digits !== "" && milliseconds >= min && milliseconds <= max)
		return milliseconds;
	throw new InvalidArgumentError(
		"Expected seconds, or a number with ms, s, m, h or d, from 1s to 1d, like 180 or 3m.",
	);
}

export function parseIpv4(text: string): string {
	if (isIPv4(text)) return text;
	throw new InvalidArgumentError(
		"Expected an IPv4 address, like 192.168.200.1.",
	);
}

export function parseIpv6(text: string): string {
	if (isIPv6(text) && !text.includes("%")) return text;
	throw new InvalidArgumentError("Expected an IPv6 address, like fcc8::1.");
}

export function parseInterfaceName(text: string): string {
	if (text !== "" && isInterfaceName(text)) return text;
	throw new InvalidArgumentError(
		`Expected an interface name: at most ${TUNNEL_LIMITS.interfaceNameBytes.max} letters, digits, dots, dashes or underscores.`,
	);
}

/** For a flag that may be given several times. */
export function collectInterfaceName(
	text: string,
	earlier: readonly string[],
): readonly string[] {
	const name = parseInterfaceName(text);
	return earlier.includes(name) ? earlier : [...earlier, name];
}

export function parseOversize(text: string): "drop" {
	if (text === "drop") return "drop";
	throw new InvalidArgumentError(
		text === "fragment"
			? "`fragment` comes with a later version; until then datagrams that do not fit are refused and counted (`drop`)."
			: "Allowed choices are drop, fragment.",
	);
}

function parseInteger(
	text: string,
	limit: { readonly min: number; readonly max: number },
	what: string,
): number {
	const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
	if (value >= limit.min && value <= limit.max) return value;
	throw new InvalidArgumentError(
		`Expected ${what} from ${limit.min} to ${limit.max}.`,
	);
}

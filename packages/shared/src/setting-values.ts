// The text of a setting, on the command line or in the configuration file, to its value, or to a sentence about what is allowed.

import { isIpv4, isIpv6 } from "./ip-text.js";
import { isInterfaceName, TUNNEL_LIMITS } from "./tunnel-limits.js";

export type Reading<Value> =
	| { readonly isAllowed: true; readonly value: Value }
	/** A sentence that says what would be right. */
	| { readonly isAllowed: false; readonly complaint: string };

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

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
	"": 1,
	K: 1_024,
	M: 1_024 ** 2,
	G: 1_024 ** 3,
};

function allowed<Value>(value: Value): Reading<Value> {
	return { isAllowed: true, value };
}

function refused(complaint: string): Reading<never> {
	return { isAllowed: false, complaint };
}

/** `1.2.3.4:5`, `[2001:db8::1]:5` or `host:5`. */
export function readHostPort(text: string): Reading<HostPort> {
	const bracketed = /^\[([^\]]*)\]:(\d+)$/.exec(text);
	if (bracketed !== null) {
		const [, host = "", port = ""] = bracketed;
		return isIpv6(host)
			? withPort(host, port)
			: refused(`"${host}" is not an IPv6 address.`);
	}
	if (isIpv6(text) || /:.*:/.test(text)) {
		return refused(
			"Put an IPv6 address into brackets, like [2001:db8::1]:4567.",
		);
	}
	const plain = /^([^\s:[\]/]+):(\d+)$/.exec(text);
	if (plain === null) {
		return refused(
			"Expected IP:PORT, [IPv6]:PORT or NAME:PORT, like 192.0.2.1:4567.",
		);
	}
	const [, host = "", port = ""] = plain;
	if (/^[\d.]+$/.test(host) && !isIpv4(host))
		return refused(`"${host}" is not an IPv4 address.`);
	if (host.length > TUNNEL_LIMITS.hostBytes.max) {
		return refused(
			`A host name has at most ${TUNNEL_LIMITS.hostBytes.max} characters.`,
		);
	}
	return withPort(host, port);
}

/** An address to listen on: a literal, not a name. */
export function readListenAddress(text: string): Reading<HostPort> {
	if (/^\d+$/.test(text)) {
		return refused(
			`A client listens on IP:PORT, like 127.0.0.1:${text} (only a server takes a bare port).`,
		);
	}
	const reading = readHostPort(text);
	if (!reading.isAllowed) return reading;
	const { host } = reading.value;
	return isIpv4(host) || isIpv6(host)
		? reading
		: refused("Expected an address literal, like 127.0.0.1:1234 or [::]:1234.");
}

/** A server's fake-TCP port. */
export function readServerPort(text: string): Reading<number> {
	if (text.includes(":")) {
		const port = text.slice(text.lastIndexOf(":") + 1);
		return refused(
			`A server takes a bare port, like ${/^\d+$/.test(port) ? port : "4567"}; it answers on all addresses (restrict it with --interface).`,
		);
	}
	return readPort(text);
}

function readPort(text: string): Reading<number> {
	return readInteger(text, TUNNEL_LIMITS.port, "a port");
}

function withPort(host: string, portText: string): Reading<HostPort> {
	const port = readPort(portText);
	return port.isAllowed ? allowed({ host, port: port.value }) : port;
}

export function readMaxFlows(text: string): Reading<number> {
	return readInteger(text, TUNNEL_LIMITS.maxFlows, "a number of flows");
}

export function readLinkMtu(text: string): Reading<"auto" | number> {
	if (text === "auto") return allowed("auto");
	return readInteger(
		text,
		TUNNEL_LIMITS.linkMtuBytes,
		"`auto` or a number of bytes",
	);
}

/** Seconds, or a number with a unit. Gives milliseconds. */
export function readIdleTimeoutMs(text: string): Reading<number> {
	return readDurationMs(
		text,
		TUNNEL_LIMITS.idleTimeoutMs,
		"from 1s to 1d, like 180 or 3m",
	);
}

/** `off`, or seconds, or a number with a unit. Gives milliseconds. */
export function readRotateEvery(text: string): Reading<"off" | number> {
	if (text === "off") return allowed("off");
	return readDurationMs(
		text,
		TUNNEL_LIMITS.rotateEveryMs,
		"from 10s to 7d, like 600 or 1h, or off",
	);
}

function readDurationMs(
	text: string,
	{ min, max }: { readonly min: number; readonly max: number },
	range: string,
): Reading<number> {
	const [, digits = "", unit = "s"] =
		/^(\d{1,12})(ms|s|m|h|d)?$/.exec(text) ?? [];
	const milliseconds = Number(digits) * (MS_PER_UNIT[unit] ?? Number.NaN);
	if (digits !== "" && milliseconds >= min && milliseconds <= max)
		return allowed(milliseconds);
	return refused(
		`Expected seconds, or a number with ms, s, m, h or d, ${range}.`,
	);
}

export function readIpv4(text: string): Reading<string> {
	if (isIpv4(text)) return allowed(text);
	return refused("Expected an IPv4 address, like 192.168.200.1.");
}

export function readIpv6(text: string): Reading<string> {
	if (isIpv6(text)) return allowed(text);
	return refused("Expected an IPv6 address, like fcc8::1.");
}

export function readInterfaceName(text: string): Reading<string> {
	if (text !== "" && isInterfaceName(text)) return allowed(text);
	return refused(
		`Expected an interface name: at most ${TUNNEL_LIMITS.interfaceNameBytes.max} letters, digits, dots, dashes or underscores.`,
	);
}

export function readOversize(text: string): Reading<"drop" | "fragment"> {
	if (text === "drop" || text === "fragment") return allowed(text);
	return refused("Allowed choices are drop, fragment.");
}

/** Size of a capture ring in bytes; null for none. */
export function readCaptureBytes(text: string): Reading<number | null> {
	if (text === "off") return allowed(null);
	const { min, max } = TUNNEL_LIMITS.captureBytes;
	const [, digits = "", unit = ""] =
		/^(\d{1,10})(?:([KMG])(?:iB)?)?$/.exec(text) ?? [];
	const bytes = Number(digits) * (BYTES_PER_UNIT[unit] ?? Number.NaN);
	if (digits !== "" && bytes >= min && bytes <= max) return allowed(bytes);
	return refused(
		"Expected `off`, or bytes, KiB, MiB or GiB, from 256KiB to 1GiB, like 8MiB.",
	);
}

/** Bytes of each packet that a capture keeps. */
export function readCaptureSnapBytes(text: string): Reading<number> {
	return readInteger(text, TUNNEL_LIMITS.captureSnapBytes, "a number of bytes");
}

function readInteger(
	text: string,
	limit: { readonly min: number; readonly max: number },
	what: string,
): Reading<number> {
	const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
	if (value >= limit.min && value <= limit.max) return allowed(value);
	return refused(`Expected ${what} from ${limit.min} to ${limit.max}.`);
}

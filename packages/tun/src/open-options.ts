// Argument checks for both implementations: ranges, misspelt options, names and addresses.

import { isIP } from "node:net";
import { invariant } from "./invariant.js";
import { failWithoutCall } from "./native/system-failure.js";
import type { TunOpenOptions } from "./tun-device.js";
import type { SocketAddress, UdpOpenOptions } from "./udp-socket.js";

const TUN_OPTIONS = ["name", "arena", "offloads"];
const UDP_OPTIONS = [
	"arena",
	"bind",
	"dualStack",
	"connect",
	"receiveBufferBytes",
	"sendBufferBytes",
	"offloads",
];
/** Offsets into the arena are 32-bit signed numbers. */
const MAX_ARENA_BYTES = 2 ** 31 - 1;
/** IFNAMSIZ with its terminator. */
const MAX_NAME_BYTES = 15;
const MAX_PORT = 65_535;
const DEFAULT_TUN_NAME = "tun%d";

function checkNames(options: object, allowed: readonly string[]): void {
	for (const name of Object.keys(options)) {
		invariant(
			allowed.includes(name),
			`There is no option "${name}"; there are ${allowed.join(", ")}.`,
		);
	}
}

function checkOffloads(offloads: unknown): void {
	invariant(
		offloads === undefined || offloads === "auto" || offloads === "none",
		`"offloads" is "auto" or "none", not ${String(offloads)}.`,
	);
}

/** True for an integer from `low` to `high`. */
export function isIntegerWithin(
	candidate: number,
	low: number,
	high: number,
): boolean {
	return Number.isInteger(candidate) && candidate >= low && candidate <= high;
}

export function checkArena(arena: unknown): asserts arena is Uint8Array {
	invariant(
		arena instanceof Uint8Array &&
			arena.length > 0 &&
			arena.length <= MAX_ARENA_BYTES,
		"The arena is a Uint8Array of 1 byte to 2 GiB.",
	);
}

/**
 * @returns the name to ask the kernel for.
 * @throws TunError NAME_INVALID, because names come from people.
 */
export function checkTunOptions(options: TunOpenOptions): string {
	checkNames(options, TUN_OPTIONS);
	checkArena(options.arena);
	checkOffloads(options.offloads);
	const name = options.name || DEFAULT_TUN_NAME;
	const withoutPattern = name.replace("%d", "");
	const isValid =
		Buffer.byteLength(name) <= MAX_NAME_BYTES &&
		!/[\s/:%\0]/.test(withoutPattern) &&
		name !== "." &&
		name !== "..";
	if (!isValid) {
		throw failWithoutCall(
			"NAME_INVALID",
			`"${name}" is not a name for an interface.`,
		);
	}
	return name;
}

function checkAddress(what: string, address: SocketAddress): void {
	checkNames(address, ["family", "address", "port"]);
	invariant(
		address.family === 4 || address.family === 6,
		`The family of "${what}" is 4 or 6.`,
	);
	invariant(
		isIP(address.address) === address.family && !address.address.includes("%"),
		`The address of "${what}" is an IPv${address.family} literal without zone, not ${address.address}.`,
	);
	invariant(
		isIntegerWithin(address.port, 0, MAX_PORT),
		`The port of "${what}" is a whole number from 0 to ${MAX_PORT}, not ${address.port}.`,
	);
}

function checkBuffer(what: string, bytes: number | undefined): void {
	invariant(
		bytes === undefined || isIntegerWithin(bytes, 1, MAX_ARENA_BYTES),
		`"${what}" is a whole number of bytes from 1 to ${MAX_ARENA_BYTES}.`,
	);
}

export function checkUdpOptions(options: UdpOpenOptions): void {
	checkNames(options, UDP_OPTIONS);
	checkArena(options.arena);
	checkOffloads(options.offloads);
	const { bind, connect, dualStack } = options;
	invariant(
		bind !== undefined || connect !== undefined,
		'A UDP socket needs "bind", "connect" or both.',
	);
	if (bind !== undefined) {
		checkAddress("bind", bind);
	}
	if (connect !== undefined) {
		checkAddress("connect", connect);
		invariant(connect.port > 0, 'The port of "connect" is not 0.');
	}
	invariant(
		bind === undefined ||
			connect === undefined ||
			bind.family === connect.family ||
			dualStack === true,
		'"bind" and "connect" are of one family.',
	);
	invariant(
		dualStack !== true || bind?.address === "::",
		'"dualStack" goes with "bind" to "::".',
	);
	checkBuffer("receiveBufferBytes", options.receiveBufferBytes);
	checkBuffer("sendBufferBytes", options.sendBufferBytes);
}

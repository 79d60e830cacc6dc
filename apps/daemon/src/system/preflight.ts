// What must be true before a tunnel starts, each failure in one sentence with what to do about it.

import { createSocket } from "node:dgram";
import { readFileSync, statSync } from "node:fs";
import type { TunnelConfig } from "@tunscope/shared/lean";
import { type Link, listLinks } from "./links.js";
import { requireInterfaces } from "./network-path.js";
import type { RunCommand } from "./run-command.js";
import { errnoNameOf, SystemError } from "./system-error.js";

/** linux/capability.h. */
const CAP_NET_ADMIN_BIT = 12n;
const TUN_DEVICE_PATH = "/dev/net/tun";
/** A handshake packet is one segment; more than this fits none. */
const MAX_HANDSHAKE_PACKET_BYTES = 65_535;

/** @throws SystemError, the first of these that fails: device, capability, interfaces, addresses, tools, UDP port. */
export async function checkHost(
	run: RunCommand,
	config: TunnelConfig,
): Promise<void> {
	requireTunDevice(TUN_DEVICE_PATH);
	requireNetAdmin(readFileSync("/proc/self/status", "latin1"));
	const links = await listLinks(run);
	requireInterfaces(config.interfaces, links);
	refuseAddressClash(config, links);
	if (config.hostSetup === "auto") await run("nft", ["--version"]);
	if (config.role === "client") await requireFreeUdpPort(config.listen);
}

export function requireTunDevice(path: string): void {
	try {
		if (statSync(path).isCharacterDevice()) return;
	} catch (error) {
		if (errnoNameOf(error) !== "ENOENT") throw error;
	}
	throw new SystemError({
		code: "TUN_DEVICE_MISSING",
		message: `There is no TUN device at ${path}.`,
		whatToDo:
			"Load the module (modprobe tun; OpenWrt: opkg install kmod-tun), or give the container the device (docker run --device /dev/net/tun).",
	});
}

/** @param status the text of /proc/self/status. */
export function requireNetAdmin(status: string): void {
	const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
	if (((BigInt(`0x${effective}`) >> CAP_NET_ADMIN_BIT) & 1n) === 1n) return;
	throw new SystemError({
		code: "PERMISSION_DENIED",
		message:
			"A TUN device needs root or the capability CAP_NET_ADMIN, and this process has neither.",
		whatToDo:
			"Run with sudo, or with AmbientCapabilities=CAP_NET_ADMIN in a systemd unit, or with docker run --cap-add NET_ADMIN.",
	});
}

/** Two tunnels on one host need addresses of their own, or the kernel sends one's packets to the other. */
export function refuseAddressClash(
	config: TunnelConfig,
	links: readonly Link[],
): void {
	const { name, local4, peer4, local6, peer6 } = config.tun;
	const wanted = new Set(
		config.ipv4Only ? [local4, peer4] : [local4, peer4, local6, peer6],
	);
	for (const link of links) {
		const clash = link.addresses.find(({ address }) => wanted.has(address));
		if (clash === undefined || link.name === name) continue;
		throw new SystemError({
			code: "ADDRESS_CLASH",
			message: `The TUN's address ${clash.address} is already on interface ${link.name}.`,
			whatToDo:
				"Give this tunnel its own addresses: --tun-local, --tun-peer, --tun-local6 and --tun-peer6.",
		});
	}
}

export function requireFreeUdpPort(
	listen: TunnelConfig["listen"],
): Promise<void> {
	const { address, port } = listen;
	return new Promise((resolve, reject) => {
		const isIpv6 = address.includes(":");
		const socket = createSocket({ type: isIpv6 ? "udp6" : "udp4" });
		socket.once("error", (error) => {
			socket.close();
			reject(
				udpError(error, isIpv6 ? `[${address}]:${port}` : `${address}:${port}`),
			);
		});
		socket.bind({ address, port, exclusive: true }, () => {
			socket.close(() => resolve());
		});
	});
}

function udpError(error: Error, endpoint: string): Error {
	const cause = { cause: error };
	switch (errnoNameOf(error)) {
		case "EADDRINUSE":
			return new SystemError(
				{
					code: "UDP_PORT_TAKEN",
					message: `Another program already listens on UDP ${endpoint}.`,
					whatToDo: `Choose another --local port, or find the program with: ss -ulpn`,
				},
				cause,
			);
		case "EADDRNOTAVAIL":
		case "EINVAL":
			return new SystemError(
				{
					code: "UDP_ADDRESS_UNAVAILABLE",
					message: `No interface of this host has the address of --local ${endpoint}.`,
					whatToDo:
						"Use an address that `ip address` shows, or 0.0.0.0 or [::] for all.",
				},
				cause,
			);
		case "EACCES":
			return new SystemError(
				{
					code: "PERMISSION_DENIED",
					message: `This process may not listen on UDP ${endpoint}.`,
					whatToDo: "Choose a port from 1024 on, or run as root.",
				},
				cause,
			);
		default:
			return error;
	}
}

/** The first data segment, from --handshake-packet. @throws SystemError INPUT_FILE_UNREADABLE */
export function readHandshakePacket(path: string): Uint8Array {
	const whatToDo =
		"Give --handshake-packet a readable file of 1 byte to one segment (about 1,400 bytes).";
	let bytes: Uint8Array;
	try {
		bytes = new Uint8Array(readFileSync(path));
	} catch (error) {
		const reason = errnoNameOf(error) ?? String(error);
		const message = `The handshake packet ${path} cannot be read (${reason}).`;
		throw new SystemError(
			{ code: "INPUT_FILE_UNREADABLE", message, whatToDo },
			{ cause: error },
		);
	}
	if (bytes.length >= 1 && bytes.length <= MAX_HANDSHAKE_PACKET_BYTES)
		return bytes;
	const message = `The handshake packet ${path} has ${bytes.length} bytes.`;
	throw new SystemError({ code: "INPUT_FILE_UNREADABLE", message, whatToDo });
}

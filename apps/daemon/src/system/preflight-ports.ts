// The ports a tunnel needs, and who has them: the client's UDP port, the server's TCP port.

import { createSocket } from "node:dgram";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { Link } from "./links.js";
import {
	isLoopback,
	isWildcard,
	listSockets,
	namesOfOwners,
	type SocketRow,
} from "./socket-owners.js";
import { errnoNameOf, SystemError } from "./system-error.js";

/** @throws SystemError UDP_PORT_TAKEN, UDP_ADDRESS_UNAVAILABLE or PERMISSION_DENIED */
export function requireFreeUdpPort(
	listen: TunnelConfig["listen"],
): Promise<void> {
	const { address, port } = listen;
	return new Promise((resolve, reject) => {
		const isIpv6 = address.includes(":");
		const socket = createSocket({ type: isIpv6 ? "udp6" : "udp4" });
		socket.once("error", (error) => {
			socket.close();
			reject(udpError(error, listen));
		});
		socket.bind({ address, port, exclusive: true }, () => {
			socket.close(() => resolve());
		});
	});
}

function udpError(error: Error, { address, port }: TunnelConfig["listen"]) {
	const endpoint = address.includes(":")
		? `[${address}]:${port}`
		: `${address}:${port}`;
	const cause = { cause: error };
	switch (errnoNameOf(error)) {
		case "EADDRINUSE":
			return new SystemError(
				{
					code: "UDP_PORT_TAKEN",
					message: `UDP ${endpoint} is taken by ${whoHas("udp", port)}.`,
					whatToDo: `Choose another --local port, or stop that program.`,
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
					message: `This process may not listen on UDP ${endpoint}: ports below 1024 need root or CAP_NET_BIND_SERVICE.`,
					whatToDo:
						"Choose a port from 1024 on, or run as root, or add CAP_NET_BIND_SERVICE to AmbientCapabilities of the systemd unit.",
				},
				cause,
			);
		default:
			return error;
	}
}

function whoHas(protocol: SocketRow["protocol"], port: number): string {
	const rows = listSockets(protocol).filter((row) => row.port === port);
	return (
		namesOfOwners(rows) ??
		"another program (as root, `ss -ulpn` names it; it may be in another container)"
	);
}

/**
 * A program that listens on the server's TCP port would get no connection from outside any more: the redirection to
 * the TUN comes before it. That is refused, not only said, because it would silently take a running service away.
 * @throws SystemError TCP_PORT_TAKEN
 */
export function refuseTcpListener(
	config: Pick<TunnelConfig, "listen" | "interfaces">,
	links: readonly Link[],
	sockets: readonly SocketRow[] = listSockets("tcp"),
): void {
	const { port } = config.listen;
	const shadowed = sockets.filter(
		(row) =>
			row.isListening &&
			row.port === port &&
			!isLoopback(row) &&
			isReachedThrough(row, config.interfaces, links),
	);
	if (shadowed.length === 0) return;
	const owner = namesOfOwners(shadowed) ?? "Another program";
	throw new SystemError({
		code: "TCP_PORT_TAKEN",
		message: `${owner} already listens on TCP port ${port}, and would not be reached any more from outside this host.`,
		whatToDo:
			"Choose another --local port (and the same at the clients' --remote), or stop that program.",
	});
}

/** A listener on one address is in nobody's way when the tunnel takes connections from other interfaces only. */
function isReachedThrough(
	row: SocketRow,
	interfaces: readonly string[],
	links: readonly Link[],
): boolean {
	if (interfaces.length === 0 || isWildcard(row)) return true;
	const chosen = links.filter(({ name }) => interfaces.includes(name));
	// Only IPv4's form is worth the trouble of comparing; an IPv6 listener counts as reached.
	if (row.family === 6) return true;
	return chosen.some(({ addresses }) =>
		addresses.some(({ address }) => hexOf(address) === row.addressHex),
	);
}

/** An IPv4 address as /proc/net prints it in this host's byte order; "" for IPv6. */
function hexOf(address: string): string {
	if (address.includes(":")) return "";
	const octets = new Uint8Array(address.split(".").map(Number));
	const [word = 0] = new Uint32Array(octets.buffer);
	return word.toString(16).toUpperCase().padStart(8, "0");
}

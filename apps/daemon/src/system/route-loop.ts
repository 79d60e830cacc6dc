// The trap of a full tunnel (AllowedIPs = 0.0.0.0/0): the way to the server leads into the tunnel itself.

import { objectsOf, textOf } from "../config/json-value.js";
import { isInPrefix, parsePrefix } from "./ip-prefix.js";
import type { Link } from "./links.js";
import type { PeerRoute } from "./peer-route.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

export interface RouteLoopQuestion {
	/** The server. */
	readonly address: string;
	/** How the kernel would reach it. */
	readonly route: PeerRoute;
	readonly links: readonly Link[];
	/** Where this tunnel's applications send their datagrams. */
	readonly listen: { readonly port: number };
}

export interface RouteLoop {
	readonly message: string;
	/** Ends with the exact command. */
	readonly whatToDo: string;
}

/** Null when the way to the server is a way out. */
export async function findRouteLoop(
	run: RunCommand,
	question: RouteLoopQuestion,
): Promise<RouteLoop | null> {
	const { address, route, links } = question;
	const link = links.find(({ name }) => name === route.device);
	if (link === undefined) return null;
	const into = link.isOurTun
		? `tunscope's own TUN ${link.name}`
		: await servedDevice(run, link, question);
	if (into === null) return null;
	return {
		message: `The route to ${address} leads into ${into}: the tunnel's packets would go round in circles.`,
		whatToDo: `Give the server a route past it: ${await exceptionRoute(run, question)}`,
	};
}

/** A WireGuard device, of the kernel or of a program, one of whose peers is reached through this tunnel's UDP port. */
async function servedDevice(
	run: RunCommand,
	link: Link,
	{ links, listen }: RouteLoopQuestion,
): Promise<string | null> {
	if (link.kind !== "wireguard" && link.kind !== "tun") return null;
	const endpoints = await endpointsOf(run, link.name);
	const own = new Set(
		links.flatMap(({ addresses }) => addresses.map((row) => row.address)),
	);
	const isServed = endpoints.some(
		({ host, port }) =>
			port === listen.port && (own.has(host) || host.startsWith("127.")),
	);
	return isServed
		? `the WireGuard device ${link.name}, which this tunnel serves`
		: null;
}

async function endpointsOf(
	run: RunCommand,
	device: string,
): Promise<readonly { readonly host: string; readonly port: number }[]> {
	try {
		const { stdout } = await run("wg", ["show", device, "endpoints"]);
		return stdout.split("\n").flatMap((line) => {
			const [, host, port] = /\t\[?([^\]\t]+)\]?:(\d+)$/.exec(line) ?? [];
			return host === undefined ? [] : [{ host, port: Number(port) }];
		});
	} catch (error) {
		// No `wg` on this host, or no device of its kind.
		if (error instanceof SystemError) return [];
		throw error;
	}
}

/** The command that adds a host route along the best of the other routes of the main table. */
async function exceptionRoute(
	run: RunCommand,
	{ address, route, links }: RouteLoopQuestion,
): Promise<string> {
	const isIpv6 = address.includes(":");
	const command = `${isIpv6 ? "ip -6" : "ip"} route add ${address}/${isIpv6 ? 128 : 32}`;
	const family = isIpv6 ? "-6" : "-4";
	const words = ["-j", family, "route", "show", "table", "main"];
	const { stdout } = await run("ip", words);
	const ways = objectsOf(JSON.parse(stdout || "[]")).flatMap((row) => {
		const destination = textOf(row, "dst") ?? "";
		const device = textOf(row, "dev");
		const lengthBits = matchedBits(destination, address);
		const isInside = links.some(
			({ name, isOurTun }) => name === device && isOurTun,
		);
		if (device === null || device === route.device || isInside) return [];
		return lengthBits === null
			? []
			: [{ device, lengthBits, gateway: textOf(row, "gateway") }];
	});
	const [best] = ways.sort((one, other) => other.lengthBits - one.lengthBits);
	if (best === undefined)
		return `${command} via GATEWAY dev INTERFACE (with those of your uplink; this host has no other route to take them from).`;
	const via = best.gateway === null ? "" : ` via ${best.gateway}`;
	return `${command}${via} dev ${best.device}`;
}

function matchedBits(destination: string, address: string): number | null {
	if (destination === "default") return 0;
	const prefix = parsePrefix(destination);
	return prefix !== null && isInPrefix(prefix, address)
		? prefix.lengthBits
		: null;
}

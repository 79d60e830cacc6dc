// Where the tunnel's packets leave and arrive: interfaces per family, and the link MTU towards the peer.

import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import type { AddressFamily } from "./forwarding-plan.js";
import { type Link, listLinks } from "./links.js";
import { type PeerRoute, parseRoutes, routeTo } from "./peer-route.js";
import { findRouteLoop, type RouteLoop } from "./route-loop.js";
import type { RunCommand } from "./run-command.js";
import { SystemError } from "./system-error.js";

/** Ethernet's: what nearly every path has, assumed where nothing better is known. */
const DEFAULT_LINK_MTU_BYTES = 1_500;
const MAX_LINK_MTU_BYTES = 65_535;

export interface PathQuestion {
	readonly role: "client" | "server";
	/** Client: the servers. Server: not looked at. */
	readonly remotes: readonly ResolvedAddress[];
	/** --interface; empty means all. */
	readonly interfaces: readonly string[];
	readonly usesIpv6: boolean;
	/** Client: where its applications send to; a route into a device that they serve is said. */
	readonly listen?: { readonly port: number };
}

export interface NetworkPath {
	/** Interfaces on which the peer's packets arrive. */
	readonly interfaces: Readonly<Record<AddressFamily, readonly string[]>>;
	readonly linkMtuBytes: number;
	/** Things to tell the operator, e.g. that there is no route now. */
	readonly notices: readonly string[];
	/** Client: the way to each server; null where there is none now. */
	readonly routes: ReadonlyMap<string, PeerRoute | null>;
	/** Server: addresses of the interfaces, those that change every day (RFC 8981) left out. */
	readonly ownAddresses: readonly string[];
	/** All of this host, at the time of the look. */
	readonly links: readonly Link[];
}

/** @throws SystemError INTERFACE_MISSING when --interface names one that does not exist. */
export async function discoverNetworkPath(
	run: RunCommand,
	question: PathQuestion,
): Promise<NetworkPath> {
	const links = await listLinks(run);
	requireInterfaces(question.interfaces, links);
	return question.role === "client"
		? discoverClientPath(run, question, links)
		: discoverServerPath(run, question, links);
}

/** @throws SystemError INTERFACE_MISSING */
export function requireInterfaces(
	names: readonly string[],
	links: readonly Link[],
): void {
	const missing = names.find((name) =>
		links.every((link) => link.name !== name),
	);
	if (missing === undefined) return;
	throw new SystemError({
		code: "INTERFACE_MISSING",
		message: `There is no network interface ${missing} (--interface); there are: ${links.map(({ name }) => name).join(", ")}.`,
		whatToDo: "Name one of these, or leave --interface away to use all.",
	});
}

async function discoverClientPath(
	run: RunCommand,
	question: PathQuestion,
	links: readonly Link[],
): Promise<NetworkPath> {
	const interfaces = { ipv4: new Set<string>(), ipv6: new Set<string>() };
	const linkMtusBytes: number[] = [];
	const notices: string[] = [];
	const routes = new Map<string, PeerRoute | null>();
	for (const { family, address } of question.remotes) {
		const route = await routeTo(run, address);
		routes.set(address, route);
		if (route === null) {
			notices.push(
				`There is no route to ${address} now; its datagrams will be lost until there is one.`,
			);
			continue;
		}
		const loop = await loopOf(run, { address, route, links, question });
		if (loop !== null) {
			notices.push(`${loop.message} ${loop.whatToDo}`);
			// No way out, and no interface to forward between.
			routes.set(address, null);
			continue;
		}
		const { device } = route;
		if (
			question.interfaces.length > 0 &&
			!question.interfaces.includes(device)
		) {
			notices.push(
				`The route to ${address} leaves by ${device}, which --interface does not name: nothing will reach it.`,
			);
		}
		interfaces[family === 4 ? "ipv4" : "ipv6"].add(device);
		linkMtusBytes.push(route.routeMtuBytes ?? linkMtuOf(device, links));
	}
	for (const name of question.interfaces) {
		for (const { family } of question.remotes)
			interfaces[family === 4 ? "ipv4" : "ipv6"].add(name);
	}
	return {
		interfaces: { ipv4: [...interfaces.ipv4], ipv6: [...interfaces.ipv6] },
		linkMtuBytes: smallest(linkMtusBytes),
		notices,
		routes,
		ownAddresses: [],
		links,
	};
}

async function loopOf(
	run: RunCommand,
	way: {
		readonly address: string;
		readonly route: PeerRoute;
		readonly links: readonly Link[];
		readonly question: PathQuestion;
	},
): Promise<RouteLoop | null> {
	const { listen } = way.question;
	return listen === undefined ? null : findRouteLoop(run, { ...way, listen });
}

async function discoverServerPath(
	run: RunCommand,
	question: PathQuestion,
	links: readonly Link[],
): Promise<NetworkPath> {
	const isChosen = (link: Link) =>
		question.interfaces.length === 0
			? link.isUp && !link.isLoopback && !link.isOurTun
			: question.interfaces.includes(link.name);
	const chosen = links.filter(isChosen);
	const withFamily = (family: 4 | 6) =>
		chosen
			.filter(
				({ name, addresses }) =>
					question.interfaces.includes(name) ||
					addresses.some((row) => row.family === family && row.isGlobal),
			)
			.map(({ name }) => name);
	const defaults = new Set(await defaultRouteDevices(run));
	const onDefaultRoute = chosen.filter(({ name }) => defaults.has(name));
	// Clients come by the default route, as a rule; without one, any of the links may be theirs.
	const relevant = onDefaultRoute.length > 0 ? onDefaultRoute : chosen;
	return {
		interfaces: {
			ipv4: withFamily(4),
			ipv6: question.usesIpv6 ? withFamily(6) : [],
		},
		linkMtuBytes: smallest(relevant.map(({ name }) => linkMtuOf(name, links))),
		notices: [],
		routes: new Map(),
		ownAddresses: chosen.flatMap(({ addresses }) =>
			addresses
				.filter(
					({ family, isGlobal, isTemporary }) =>
						isGlobal && !isTemporary && (family === 4 || question.usesIpv6),
				)
				.map(({ address }) => address),
		),
		links,
	};
}

async function defaultRouteDevices(
	run: RunCommand,
): Promise<readonly string[]> {
	const devices: string[] = [];
	for (const family of ["-4", "-6"]) {
		const { stdout } = await run("ip", [
			"-j",
			family,
			"route",
			"show",
			"default",
		]);
		devices.push(...parseRoutes(stdout).map(({ device }) => device));
	}
	return devices;
}

function linkMtuOf(device: string, links: readonly Link[]): number {
	const link = links.find(({ name }) => name === device);
	// A peer on this very host is reached through another TUN, not through the loopback's 64 KiB.
	if (link === undefined || link.isLoopback) return DEFAULT_LINK_MTU_BYTES;
	return Math.min(link.linkMtuBytes, MAX_LINK_MTU_BYTES);
}

function smallest(linkMtusBytes: readonly number[]): number {
	return linkMtusBytes.length === 0
		? DEFAULT_LINK_MTU_BYTES
		: Math.min(...linkMtusBytes);
}

// The TUN's name and addresses against what this host has already: interfaces, their addresses, and its routes.

import type { TunnelConfig } from "@tunscope/shared/lean";
import { objectsOf, textOf } from "../config/json-value.js";
import { type IpPrefix, isInPrefix, parsePrefix } from "./ip-prefix.js";
import type { Link } from "./links.js";
import type { RunCommand } from "./run-command.js";
import { nameOfTunHolder } from "./socket-owners.js";
import { SystemError } from "./system-error.js";

/** Wider than these a route means "the rest of the world" (0.0.0.0/1, 2000::/3), not a network of neighbours. */
const LEAST_LENGTH_BITS = { 4: 4, 6: 8 } as const;
/** 192.168.N.0/24 and fcN::/16, looked through for addresses to suggest. */
const SUGGESTED_NETS = { first: 202, last: 250 } as const;

export interface KnownRoute extends IpPrefix {
	/** As the kernel prints it, e.g. "192.168.200.0/22". */
	readonly text: string;
	readonly device: string;
}

/** Routes to networks of both families, in all tables; default routes and the like are left out. */
export async function listNetworkRoutes(
	run: RunCommand,
): Promise<readonly KnownRoute[]> {
	const routes: KnownRoute[] = [];
	for (const family of ["-4", "-6"]) {
		const words = ["-j", family, "route", "show", "table", "all"];
		const { stdout } = await run("ip", words);
		routes.push(...parseNetworkRoutes(stdout));
	}
	return routes;
}

/** @param text the answer of `ip -j route show table all`. */
export function parseNetworkRoutes(text: string): readonly KnownRoute[] {
	return objectsOf(JSON.parse(text || "[]")).flatMap((row) => {
		const destination = textOf(row, "dst") ?? "";
		const device = textOf(row, "dev");
		const prefix = parsePrefix(destination);
		const type = textOf(row, "type") ?? "unicast";
		if (prefix === null || device === null || type !== "unicast") return [];
		if (prefix.lengthBits < LEAST_LENGTH_BITS[prefix.family]) return [];
		// Every link has this one, and no address of a TUN is in it.
		if (destination.startsWith("fe80:") || destination.startsWith("ff"))
			return [];
		return [{ ...prefix, text: destination, device }];
	});
}

/** @throws SystemError TUN_NAME_TAKEN when the name is another kind of interface's, or a TUN in use. */
export function refuseNameClash(
	tunName: string,
	links: readonly Link[],
	holderOf: (tunName: string) => string | null = nameOfTunHolder,
): void {
	const taken = links.find((link) => link.name === tunName);
	if (tunName === "" || taken === undefined) return;
	const isTun = taken.kind === "tun";
	const holder = isTun ? holderOf(tunName) : null;
	// Made by `ip tuntap add` and waiting for a program: us.
	if (isTun && holder === null) return;
	throw new SystemError({
		code: "TUN_NAME_TAKEN",
		message:
			holder === null
				? `There is an interface ${tunName} already, and it is no TUN.`
				: `The TUN ${tunName} is in use by ${holder}.`,
		whatToDo:
			"Choose another --tun name, or leave --tun away to get the next free one.",
	});
}

/**
 * Two tunnels on one host need addresses of their own, or the kernel sends one's packets to the other; and an address
 * of a network that this host reaches would cut the host off from whoever has it there.
 * @throws SystemError ADDRESS_CLASH
 */
export function refuseAddressClash(
	config: TunnelConfig,
	links: readonly Link[],
	routes: readonly KnownRoute[],
): void {
	const { local4, peer4, local6, peer6 } = config.tun;
	const wanted = config.ipv4Only
		? [local4, peer4]
		: [local4, peer4, local6, peer6];
	const whatToDo = `Give this tunnel addresses that nobody has: ${suggestAddresses(links, routes)}.`;
	for (const link of links) {
		if (link.name === config.tun.name) continue;
		const clash = link.addresses.find(({ address }) =>
			wanted.includes(address),
		);
		if (clash === undefined) continue;
		const message = `The TUN's address ${clash.address} is already on interface ${link.name}.`;
		throw new SystemError({ code: "ADDRESS_CLASH", message, whatToDo });
	}
	for (const address of wanted) {
		const clash = routes.find(
			(route) => route.device !== config.tun.name && isInPrefix(route, address),
		);
		if (clash === undefined) continue;
		const message = `The TUN's address ${address} lies in the network ${clash.text}, which this host reaches through ${clash.device}.`;
		throw new SystemError({ code: "ADDRESS_CLASH", message, whatToDo });
	}
}

function suggestAddresses(
	links: readonly Link[],
	routes: readonly KnownRoute[],
): string {
	const { first, last } = SUGGESTED_NETS;
	const taken = new Set(
		links.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
	);
	const isFree = (address: string) =>
		!taken.has(address) && !routes.some((route) => isInPrefix(route, address));
	for (let net = first; net <= last; net++) {
		const [local4, peer4] = [`192.168.${net}.1`, `192.168.${net}.2`];
		const group = `fc${net.toString(16)}`;
		const [local6, peer6] = [`${group}::1`, `${group}::2`];
		if (![local4, peer4, local6, peer6].every(isFree)) continue;
		return `--tun-local ${local4} --tun-peer ${peer4} --tun-local6 ${local6} --tun-peer6 ${peer6}`;
	}
	return "--tun-local, --tun-peer, --tun-local6 and --tun-peer6";
}

// Network interfaces through `ip`: what exists, and giving our TUN its addresses, MTU and group.

import {
	isJsonObject,
	type JsonObject,
	numberOf,
	objectsOf,
	textOf,
	textsOf,
} from "../config/json-value.js";
import type { RunCommand } from "./run-command.js";

/** Device group of every TUN of every instance, so that one instance's guard lets the others' packets pass (wire.md 4.12). */
export const TUN_GROUP = 29_779;
/** A TUN hands over bursts of one batch per flow; the kernel's default of 500 packets is what one batch of many flows needs. */
const TUN_QUEUE_LENGTH_PACKETS = 1_000;

export interface LinkAddress {
	readonly family: 4 | 6;
	readonly address: string;
	readonly isGlobal: boolean;
	/** RFC 8981: replaced by another one every day. */
	readonly isTemporary: boolean;
}

export interface Link {
	readonly index: number;
	readonly name: string;
	readonly linkMtuBytes: number;
	readonly isUp: boolean;
	readonly isLoopback: boolean;
	readonly isOurTun: boolean;
	/** What the kernel calls it: "tun", "wireguard", "veth" …; "" for hardware. */
	readonly kind: string;
	/** Index and hardware address: tells an interface from a later one of the same name. */
	readonly identity: string;
	readonly addresses: readonly LinkAddress[];
}

/** The name that the kernel will give: patterns (`tun%d`, and "" for it) take the first free number. */
export function freeTunName(wanted: string, links: readonly Link[]): string {
	const pattern = wanted === "" ? "tun%d" : wanted;
	if (!pattern.includes("%d")) return pattern;
	const taken = new Set(links.map(({ name }) => name));
	for (let number = 0; ; number += 1) {
		const name = pattern.replace("%d", String(number));
		if (!taken.has(name)) return name;
	}
}

export async function listLinks(run: RunCommand): Promise<readonly Link[]> {
	const { stdout } = await run("ip", ["-j", "-d", "address", "show"]);
	return objectsOf(JSON.parse(stdout || "[]")).flatMap(toLink);
}

/** `ip` prints an empty object for an interface that a filter left out. */
function toLink(row: JsonObject): Link[] {
	const index = numberOf(row, "ifindex");
	const name = textOf(row, "ifname");
	if (index === null || name === null) return [];
	const flags = textsOf(row, "flags") ?? [];
	return [
		{
			index,
			name,
			linkMtuBytes: numberOf(row, "mtu") ?? 0,
			isUp: flags.includes("UP"),
			isLoopback: flags.includes("LOOPBACK"),
			isOurTun: textOf(row, "group") === String(TUN_GROUP),
			kind: isJsonObject(row.linkinfo)
				? (textOf(row.linkinfo, "info_kind") ?? "")
				: "",
			identity: `${index}/${textOf(row, "address") ?? ""}`,
			addresses: objectsOf(row.addr_info).flatMap(toAddress),
		},
	];
}

function toAddress(row: JsonObject): LinkAddress[] {
	const address = textOf(row, "local");
	if (address === null) return [];
	const family = textOf(row, "family") === "inet6" ? 6 : 4;
	return [
		{
			family,
			address,
			isGlobal: textOf(row, "scope") === "global",
			isTemporary: row.temporary === true,
		},
	];
}

export interface TunLinkPlan {
	readonly tunName: string;
	readonly local4: string;
	readonly peer4: string;
	/** Null when the TUN gets no IPv6 address. */
	readonly ipv6: { readonly local: string; readonly peer: string } | null;
	readonly linkMtuBytes: number;
}

/** The `ip` commands, in order, that make the TUN usable. Each may be run again. */
function tunLinkCommands(plan: TunLinkPlan): readonly (readonly string[])[] {
	const { tunName, local4, peer4, ipv6, linkMtuBytes } = plan;
	const device = ["dev", tunName];
	const commands = [
		["link", "set", ...device, "group", String(TUN_GROUP)],
		[
			"link",
			"set",
			...device,
			"mtu",
			String(linkMtuBytes),
			"txqueuelen",
			String(TUN_QUEUE_LENGTH_PACKETS),
		],
		["-4", "address", "replace", local4, "peer", peer4, ...device],
	];
	if (ipv6 !== null) {
		// No duplicate address detection on a link without neighbours.
		commands.push([
			"-6",
			"address",
			"replace",
			ipv6.local,
			"peer",
			ipv6.peer,
			...device,
			"nodad",
		]);
	}
	commands.push(["link", "set", ...device, "up"]);
	if (ipv6 !== null) {
		// An IPv6 peer address given before `up` leaves no route to the peer (wire.md 4.10).
		commands.push(["-6", "route", "replace", `${ipv6.peer}/128`, ...device]);
	}
	return commands;
}

/** Addresses, MTU, group, up. Also after the TUN was down: that flushes IPv6 addresses and all routes. */
export async function configureTunLink(
	run: RunCommand,
	plan: TunLinkPlan,
): Promise<void> {
	for (const command of tunLinkCommands(plan)) await run("ip", command);
}

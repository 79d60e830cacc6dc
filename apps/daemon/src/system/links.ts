// Network interfaces through `ip`: what exists, and giving our TUN its addresses, MTU and group.

import { z } from "zod";
import type { RunCommand } from "./run-command.js";

/** Device group of every TUN of every instance, so that one instance's guard lets the others' packets pass (wire.md 4.12). */
export const TUN_GROUP = 29_779;
/** A TUN hands over bursts of one batch per flow; the kernel's default of 500 packets is what one batch of many flows needs. */
const TUN_QUEUE_LENGTH_PACKETS = 1_000;

export interface LinkAddress {
	readonly family: 4 | 6;
	readonly address: string;
	readonly isGlobal: boolean;
}

export interface Link {
	readonly index: number;
	readonly name: string;
	readonly linkMtuBytes: number;
	readonly isUp: boolean;
	readonly isLoopback: boolean;
	readonly isOurTun: boolean;
	/** Index and hardware address: tells an interface from a later one of the same name. */
	readonly identity: string;
	readonly addresses: readonly LinkAddress[];
}

const linksSchema = z.array(
	z.object({
		ifindex: z.number().optional(),
		ifname: z.string().optional(),
		mtu: z.number().default(0),
		flags: z.array(z.string()).default([]),
		group: z.string().default("default"),
		address: z.string().default(""),
		addr_info: z
			.array(
				z.object({
					family: z.string().optional(),
					local: z.string().optional(),
					scope: z.string().optional(),
				}),
			)
			.default([]),
	}),
);

export async function listLinks(run: RunCommand): Promise<readonly Link[]> {
	const { stdout } = await run("ip", ["-j", "address", "show"]);
	return linksSchema.parse(JSON.parse(stdout || "[]")).flatMap((row) => {
		if (row.ifindex === undefined || row.ifname === undefined) return [];
		return [
			{
				index: row.ifindex,
				name: row.ifname,
				linkMtuBytes: row.mtu,
				isUp: row.flags.includes("UP"),
				isLoopback: row.flags.includes("LOOPBACK"),
				isOurTun: row.group === String(TUN_GROUP),
				identity: `${row.ifindex}/${row.address}`,
				addresses: row.addr_info.flatMap(({ family, local, scope }) =>
					local === undefined
						? []
						: [
								{
									family: family === "inet6" ? (6 as const) : (4 as const),
									address: local,
									isGlobal: scope === "global",
								},
							],
				),
			},
		];
	});
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
export function tunLinkCommands(
	plan: TunLinkPlan,
): readonly (readonly string[])[] {
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

// The whole configuration file as a schema: what stands above the tunnels, and what must hold between them.

import { z } from "zod";
import { described, words } from "./config-file-setting.js";
import { type TunnelEntry, tunnelEntrySchema } from "./config-file-tunnel.js";
import { LOG_LEVELS } from "./log-levels.js";
import { TUN_ADDRESS_DEFAULTS } from "./tunnel-defaults.js";

const TUNNEL_NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

const tunnels = described(z.record(z.string(), tunnelEntrySchema), {
	allowed: "a map from each tunnel's name to its settings; at least one",
	defaultText: null,
	meaning:
		"The tunnels to run. A name has at most 64 letters, digits, dashes and underscores; it stands in log lines, in `tunscope status` and in the name of the nft table.",
});

const shape = {
	tunnels,
	"log-level": described(z.enum(LOG_LEVELS).default("info"), {
		...words(LOG_LEVELS),
		defaultText: "info",
		meaning: "Least level of log lines; `--log-level` goes first.",
	}),
	"state-dir": described(z.string().regex(/^\//).optional(), {
		allowed: "an absolute path",
		defaultText: "/var/lib/tunscope",
		meaning:
			"Folder of what is remembered from one start to the next: which TUN name and addresses each tunnel has. `--state-dir` goes first, then `TUNSCOPE_STATE_DIR`, then this.",
	}),
};

export const TOP_KEY_SCHEMAS: Readonly<Record<string, z.ZodType>> = shape;

type Tunnels = Readonly<Record<string, TunnelEntry>>;
interface Clash {
	readonly path: readonly string[];
	readonly message: string;
}

export const configFileSchema = z
	.strictObject(shape)
	.superRefine(({ tunnels: entries }, context) => {
		for (const { path, message } of [
			...wrongNames(entries),
			...equalEnds(entries),
			...sharedValues(entries),
		]) {
			context.addIssue({ code: "custom", path: [...path], message });
		}
	});

export type ConfigFile = z.infer<typeof configFileSchema>;

function wrongNames(entries: Tunnels): readonly Clash[] {
	const names = Object.keys(entries);
	if (names.length === 0)
		return [
			{ path: ["tunnels"], message: "There must be at least one tunnel." },
		];
	// nft's table names take no dash everywhere, so a dash becomes an underscore there.
	const tableOf = (name: string) => name.replaceAll("-", "_");
	return names.flatMap((name, place) => {
		const path = ["tunnels", name];
		if (!TUNNEL_NAME_PATTERN.test(name)) {
			return [
				{
					path,
					message:
						"A tunnel's name has 1 to 64 letters, digits, dashes and underscores.",
				},
			];
		}
		const twin = names
			.slice(0, place)
			.find((earlier) => tableOf(earlier) === tableOf(name));
		return twin === undefined
			? []
			: [
					{
						path,
						message: `The names ${twin} and ${name} differ only in dashes and underscores, which is not enough for the names of their nft tables.`,
					},
				];
	});
}

function equalEnds(entries: Tunnels): readonly Clash[] {
	return Object.entries(entries).flatMap(([name, entry]) => {
		const { local4, peer4, local6, peer6 } = TUN_ADDRESS_DEFAULTS[entry.role];
		const ends = [
			["tun-local", local4, "tun-peer", peer4],
			["tun-local6", local6, "tun-peer6", peer6],
		] as const;
		return ends.flatMap(([local, localDefault, peer, peerDefault]) => {
			const address = entry[local] ?? localDefault;
			if (address !== (entry[peer] ?? peerDefault)) return [];
			const message = `The TUN's two ends need two addresses, and both are ${address}.`;
			const key = entry[peer] === undefined ? local : peer;
			return [{ path: ["tunnels", name, key], message }];
		});
	});
}

/** What two tunnels of one host cannot both have. */
function sharedValues(entries: Tunnels): readonly Clash[] {
	const owners = new Map<string, string>();
	return Object.entries(entries).flatMap(([name, entry]) =>
		claimsOf(entry).flatMap(({ key, claim }) => {
			const owner = owners.get(claim);
			if (owner === undefined) {
				owners.set(claim, name);
				return [];
			}
			if (owner === name) return [];
			return [
				{
					path: ["tunnels", name, key],
					message: `Tunnel ${owner} has this already; each tunnel needs its own.`,
				},
			];
		}),
	);
}

function claimsOf(
	entry: TunnelEntry,
): readonly { readonly key: string; readonly claim: string }[] {
	const { role } = entry;
	const listening =
		role === "client"
			? [{ key: "local", claim: `udp ${entry.local.host} ${entry.local.port}` }]
			: portsOf(entry.local, entry.interface);
	const tun = (
		["tun", "tun-local", "tun-peer", "tun-local6", "tun-peer6"] as const
	).flatMap((key) => {
		const value = entry[key];
		const kind = key === "tun" ? "name" : "address";
		return value === undefined ? [] : [{ key, claim: `${kind} ${value}` }];
	});
	return [...listening, ...tun];
}

/** Two servers may have one port, each on its own interfaces. */
function portsOf(port: number, interfaces: readonly string[]) {
	const names = interfaces.length === 0 ? ["all"] : interfaces;
	return names.map((name) => ({ key: "local", claim: `tcp ${port} ${name}` }));
}

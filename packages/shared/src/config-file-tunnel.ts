// One tunnel in the configuration file: every key is called as its flag on the command line, and read the same way.

import { z } from "zod";
import { DEFAULT_CAPTURE_SNAP_BYTES } from "./capture-setting.js";
import { described, textSetting, words } from "./config-file-setting.js";
import {
	readCaptureBytes,
	readCaptureSnapBytes,
	readHostPort,
	readIdleTimeoutMs,
	readInterfaceName,
	readIpv4,
	readIpv6,
	readLinkMtu,
	readListenAddress,
	readMaxFlows,
	readOversize,
	readRotateEvery,
	readServerPort,
} from "./setting-values.js";
import { TUN_ADDRESS_DEFAULTS, TUNNEL_DEFAULTS } from "./tunnel-defaults.js";
import { TUNNEL_LIMITS } from "./tunnel-limits.js";

const range = ({ min, max }: { readonly min: number; readonly max: number }) =>
	`from ${min} to ${max}`;

function addressDefault(key: keyof typeof TUN_ADDRESS_DEFAULTS.client): string {
	const { client, server } = TUN_ADDRESS_DEFAULTS;
	return `${client[key]} (client), ${server[key]} (server), or of the next free pair`;
}

const role = <Role extends string>(word: Role) =>
	described(z.literal(word), {
		...words(["client", "server"]),
		defaultText: null,
		meaning:
			"`client` listens for UDP datagrams and carries them to a server; `server` takes fake TCP from clients and hands the datagrams to a UDP target.",
	});

const remote = described(textSetting(readHostPort), {
	allowed: "`IP:PORT`, `[IPv6]:PORT` or `NAME:PORT`",
	defaultText: null,
	meaning: "Client: the server. Server: the UDP target.",
});

const LOCAL = {
	allowed: "`IP:PORT` or `[IPv6]:PORT` (client), a port (server)",
	defaultText: null,
	meaning:
		"Client: the UDP address to listen on. Server: the TCP port that clients connect to, on all addresses of this host.",
};

const tunKeys = {
	tun: described(textSetting(readInterfaceName).optional(), {
		allowed: `at most ${TUNNEL_LIMITS.interfaceNameBytes.max} letters, digits, dots, dashes or underscores`,
		defaultText: "`ts-` and the beginning of the tunnel's name",
		meaning: "Name of the TUN interface.",
	}),
	"tun-local": described(textSetting(readIpv4).optional(), {
		allowed: "an IPv4 address",
		defaultText: addressDefault("local4"),
		meaning: "IPv4 address of the TUN, this host's end.",
	}),
	"tun-peer": described(textSetting(readIpv4).optional(), {
		allowed: "an IPv4 address",
		defaultText: addressDefault("peer4"),
		meaning: "IPv4 address of the TUN, tunscope's end.",
	}),
	"tun-local6": described(textSetting(readIpv6).optional(), {
		allowed: "an IPv6 address",
		defaultText: addressDefault("local6"),
		meaning: "IPv6 address of the TUN, this host's end.",
	}),
	"tun-peer6": described(textSetting(readIpv6).optional(), {
		allowed: "an IPv6 address",
		defaultText: addressDefault("peer6"),
		meaning: "IPv6 address of the TUN, tunscope's end.",
	}),
	"ipv4-only": described(z.boolean().default(false), {
		...words(["true", "false"]),
		defaultText: "false",
		meaning: "No IPv6: neither for the remote's name nor on the TUN.",
	}),
	"on-tun-lost": described(
		z.enum(["recreate", "exit"]).default(TUNNEL_DEFAULTS.onTunLost),
		{
			...words(["recreate", "exit"]),
			defaultText: TUNNEL_DEFAULTS.onTunLost,
			meaning:
				"When somebody deletes the TUN or takes it down: `recreate` makes it again or waits until it is up, `exit` gives this tunnel up (the command ends with code 75 when no other is left).",
		},
	),
};

const limitKeys = {
	"handshake-packet": described(z.string().min(1).optional(), {
		allowed: "a path; a relative one starts at the configuration file's folder",
		defaultText: "",
		meaning:
			"File whose bytes are sent as the first data segment of each flow.",
	}),
	"link-mtu": described(
		textSetting(readLinkMtu).default(TUNNEL_DEFAULTS.linkMtuBytes),
		{
			allowed: `\`auto\`, or a number of bytes ${range(TUNNEL_LIMITS.linkMtuBytes)}`,
			defaultText: "auto",
			meaning:
				"Link MTU towards the peer; `auto` takes it from the route and follows it.",
		},
	),
	oversize: described(
		textSetting(readOversize).default(TUNNEL_DEFAULTS.oversize),
		{
			...words(["drop", "fragment"]),
			defaultText: "drop",
			meaning:
				"What to do with datagrams that do not fit one segment: `drop` refuses and counts them; `fragment` sends them in IP fragments to peers that are Tunscope too, up to 65,495 bytes over IPv4 and 65,507 over IPv6, and towards all others refuses and counts them.",
		},
	),
	"idle-timeout": described(
		textSetting(readIdleTimeoutMs).default(TUNNEL_DEFAULTS.idleTimeoutMs),
		{
			allowed: "seconds, or a number with ms, s, m, h or d, from 1s to 1d",
			defaultText: "180",
			meaning:
				"Closes a flow after this time without traffic in either direction.",
		},
	),
	"max-flows": described(
		textSetting(readMaxFlows).default(TUNNEL_DEFAULTS.maxFlows),
		{
			allowed: `a number ${range(TUNNEL_LIMITS.maxFlows)}`,
			defaultText: "8192",
			meaning: "Most flows at once.",
		},
	),
	"wire-profile": described(
		z.enum(["default", "stock-exact"]).default(TUNNEL_DEFAULTS.wireProfile),
		{
			...words(["default", "stock-exact"]),
			defaultText: TUNNEL_DEFAULTS.wireProfile,
			meaning: "`stock-exact` sends nothing that Phantun 0.8.1 would not send.",
		},
	),
};

const hostKeys = {
	"host-setup": described(
		z.enum(["auto", "off"]).default(TUNNEL_DEFAULTS.hostSetup),
		{
			...words(["auto", "off"]),
			defaultText: TUNNEL_DEFAULTS.hostSetup,
			meaning:
				"`auto` makes the nft table and forwarding and undoes them, `off` gives the TUN its addresses and nothing else (`tunscope check` prints what `auto` would do).",
		},
	),
	"allow-foreign-firewall": described(
		z.boolean().default(TUNNEL_DEFAULTS.allowForeignFirewall),
		{
			...words(["true", "false"]),
			defaultText: "false",
			meaning:
				"With `host-setup: auto`: where another program's firewall stops the tunnel, puts a rule into it, and takes it out again; without it the rule is only named.",
		},
	),
	interface: described(
		z
			.preprocess(
				(written) => (typeof written === "string" ? [written] : written),
				z.array(textSetting(readInterfaceName)),
			)
			.default([]),
		{
			allowed: "an interface's name, or a list of them",
			defaultText: "[] (all)",
			meaning:
				"Client: interfaces that lead to the server, packets leave by these only. Server: interfaces that clients come from, the port is redirected on these only.",
		},
	),
};

const captureKeys = {
	capture: described(textSetting(readCaptureBytes).default(null), {
		allowed: "`off`, or a size from 256KiB to 1GiB",
		defaultText: "off",
		meaning:
			"Keeps the last packets of the TUN in a ring of this size in memory; `tunscope capture` writes them as pcapng.",
	}),
	"capture-snap": described(
		textSetting(readCaptureSnapBytes).default(DEFAULT_CAPTURE_SNAP_BYTES),
		{
			allowed: `a number of bytes ${range(TUNNEL_LIMITS.captureSnapBytes)}`,
			defaultText: String(DEFAULT_CAPTURE_SNAP_BYTES),
			meaning: "With `capture`: how much of each packet is kept.",
		},
	),
};

const clientKeys = {
	"rotate-every": described(textSetting(readRotateEvery).default("off"), {
		allowed:
			"`off`, or seconds, or a number with ms, s, m, h or d, from 10s to 7d",
		defaultText: "off",
		meaning:
			"Clients only: at this age a flow is followed by one on a new port, without a gap.",
	}),
};

const commonKeys = { ...tunKeys, ...limitKeys, ...hostKeys, ...captureKeys };

const clientSchema = z.strictObject({
	role: role("client"),
	local: described(textSetting(readListenAddress), LOCAL),
	remote,
	...commonKeys,
	...clientKeys,
});
const serverSchema = z.strictObject({
	role: role("server"),
	local: described(textSetting(readServerPort), LOCAL),
	remote,
	...commonKeys,
});

export const tunnelEntrySchema = z.discriminatedUnion("role", [
	clientSchema,
	serverSchema,
]);
export type TunnelEntry = z.infer<typeof tunnelEntrySchema>;

/** Of clients, who have all keys that there are; `local` differs in what it may be. */
export const TUNNEL_KEY_SCHEMAS: Readonly<Record<string, z.ZodType>> =
	clientSchema.shape;

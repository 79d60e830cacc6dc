// Every flag of `tunscope client` and `tunscope server`: name, default, parser, meaning.

import {
	DEFAULT_CAPTURE_SNAP_BYTES,
	type HostPort,
	LOG_LEVELS,
	type LogLevel,
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
	type TunnelRole,
} from "@tunscope/shared/lean";
import { Option } from "commander";
import {
	collectInterfaceName,
	parseCaptureBytes,
	parseCaptureSnapBytes,
	parseHostPort,
	parseIdleTimeoutMs,
	parseInterfaceName,
	parseIpv4,
	parseIpv6,
	parseLinkMtu,
	parseListenAddress,
	parseMaxFlows,
	parseOversize,
	parseRotateEvery,
	parseServerPort,
} from "./flag-values.js";

/** What commander has after the parsers of flag-values.ts. */
export interface TunnelFlags {
	readonly local: HostPort | number;
	readonly remote: HostPort;
	readonly tun: string;
	readonly tunLocal: string;
	readonly tunPeer: string;
	readonly tunLocal6: string;
	readonly tunPeer6: string;
	readonly ipv4Only?: true;
	readonly handshakePacket?: string;
	readonly linkMtu: "auto" | number;
	readonly oversize: TunnelConfig["oversize"];
	readonly idleTimeout: number;
	/** A server has no such flag. */
	readonly rotateEvery?: "off" | number;
	readonly hostSetup: TunnelConfig["hostSetup"];
	readonly allowForeignFirewall?: true;
	readonly interface: readonly string[];
	readonly onTunLost: TunnelConfig["onTunLost"];
	readonly maxFlows: number;
	readonly wireProfile: TunnelConfig["wireProfile"];
	/** Null: off. */
	readonly capture: number | null;
	readonly captureSnap: number;
	readonly logLevel: LogLevel;
	readonly json?: true;
	readonly anomalies?: true;
}

/** In the order of the help. */
export function tunnelOptions(role: TunnelRole): readonly Option[] {
	return [
		...endpointOptions(role),
		...tunOptions(role),
		...limitOptions(role),
		...hostOptions(role),
		...captureOptions(),
		new Option("--log-level <level>", "least level of log lines")
			.choices(LOG_LEVELS)
			.default("info"),
		new Option(
			"--json",
			"structured logs on standard output, also on a terminal",
		),
		anomaliesOption(),
	];
}

/** Of every command that runs tunnels. */
export function anomaliesOption(): Option {
	return new Option(
		"--anomalies",
		"anomalies on standard output, one JSON object per line; logs go to standard error",
	);
}

function endpointOptions(role: TunnelRole): readonly Option[] {
	const local =
		role === "client"
			? new Option(
					"-l, --local <IP:PORT>",
					"UDP address to listen on ([IPv6]:PORT for IPv6)",
				).argParser(parseListenAddress)
			: new Option(
					"-l, --local <PORT>",
					"TCP port that clients connect to",
				).argParser(parseServerPort);
	const remote = new Option(
		"-r, --remote <HOST:PORT>",
		role === "client"
			? "the server: IP:PORT, [IPv6]:PORT or NAME:PORT"
			: "the UDP target: IP:PORT, [IPv6]:PORT or NAME:PORT",
	).argParser(parseHostPort);
	return [local.makeOptionMandatory(), remote.makeOptionMandatory()];
}

function tunOptions(role: TunnelRole): readonly Option[] {
	const { local4, peer4, local6, peer6 } = TUN_ADDRESS_DEFAULTS[role];
	return [
		new Option("--tun <NAME>", "name of the TUN interface")
			.argParser(parseInterfaceName)
			.default("", "next free"),
		new Option("--tun-local <IP>", "IPv4 address of the TUN, this host's end")
			.argParser(parseIpv4)
			.default(local4),
		new Option("--tun-peer <IP>", "IPv4 address of the TUN, tunscope's end")
			.argParser(parseIpv4)
			.default(peer4),
		new Option("--tun-local6 <IP>", "IPv6 address of the TUN, this host's end")
			.argParser(parseIpv6)
			.default(local6),
		new Option("--tun-peer6 <IP>", "IPv6 address of the TUN, tunscope's end")
			.argParser(parseIpv6)
			.default(peer6),
		new Option(
			"-4, --ipv4-only",
			"no IPv6: neither for the remote's name nor on the TUN",
		),
		new Option(
			"--handshake-packet <PATH>",
			"file whose bytes are sent as the first data segment of each flow",
		),
		new Option(
			"--on-tun-lost <what>",
			"when the TUN is deleted or taken down: create it again or wait for it, or exit 75",
		)
			.choices(["recreate", "exit"])
			.default(TUNNEL_DEFAULTS.onTunLost),
	];
}

function limitOptions(role: TunnelRole): readonly Option[] {
	const rotation = new Option(
		"--rotate-every <off|DURATION>",
		"follow each flow by one on a new port at this age, without a gap",
	)
		.argParser(parseRotateEvery)
		.default("off");
	return [
		new Option("--link-mtu <auto|BYTES>", "link MTU towards the peer")
			.argParser(parseLinkMtu)
			.default(TUNNEL_DEFAULTS.linkMtuBytes),
		new Option(
			"--oversize <drop|fragment>",
			"what to do with datagrams that do not fit one segment",
		)
			.argParser(parseOversize)
			.default(TUNNEL_DEFAULTS.oversize),
		new Option(
			"--idle-timeout <DURATION>",
			"close a flow without traffic after this many seconds (or 90s, 3m, 1h)",
		)
			.argParser(parseIdleTimeoutMs)
			.default(TUNNEL_DEFAULTS.idleTimeoutMs, "180"),
		...(role === "client" ? [rotation] : []),
		new Option("--max-flows <NUMBER>", "most flows at once")
			.argParser(parseMaxFlows)
			.default(TUNNEL_DEFAULTS.maxFlows),
		new Option(
			"--wire-profile <name>",
			"stock-exact sends nothing that Phantun 0.8.1 would not",
		)
			.choices(["default", "stock-exact"])
			.default(TUNNEL_DEFAULTS.wireProfile),
	];
}

function hostOptions(role: TunnelRole): readonly Option[] {
	return [
		new Option(
			"--host-setup <mode>",
			"nft table and forwarding: make and undo them, only print them, or leave them to you",
		)
			.choices(["auto", "print", "off"])
			.default(TUNNEL_DEFAULTS.hostSetup),
		new Option(
			"--allow-foreign-firewall",
			"where another program's firewall stops the tunnel, put a rule into it and take it out again",
		),
		new Option(
			"--interface <NAME>",
			`interface that ${role === "client" ? "leads to the server" : "clients come from"}; repeatable`,
		)
			.argParser(collectInterfaceName)
			.default([], "all"),
	];
}

function captureOptions(): readonly Option[] {
	return [
		new Option(
			"--capture <off|SIZE>",
			"keep the last packets of the TUN in a ring of this size in memory (like 8MiB), for `tunscope capture`",
		)
			.argParser(parseCaptureBytes)
			.default(null, "off"),
		new Option(
			"--capture-snap <BYTES>",
			"with --capture: how much of each packet is kept",
		)
			.argParser(parseCaptureSnapBytes)
			.default(DEFAULT_CAPTURE_SNAP_BYTES),
	];
}

// `tunscope client` and `tunscope server`: Phantun's flags with Phantun's meaning, and ours; text in, configuration out.

import {
	TUN_ADDRESS_DEFAULTS,
	TUNNEL_DEFAULTS,
	type TunnelConfig,
	type TunnelRole,
	tunnelConfigSchema,
} from "@tunscope/shared";
import {
	Command,
	CommanderError,
	Option,
	type OutputConfiguration,
} from "commander";
import {
	collectInterfaceName,
	type HostPort,
	parseHostPort,
	parseIdleTimeoutMs,
	parseInterfaceName,
	parseIpv4,
	parseIpv6,
	parseLinkMtu,
	parseListenAddress,
	parseMaxFlows,
	parseOversize,
	parseServerPort,
} from "./flag-values.js";
import { EXAMPLES, ROOT_EXAMPLES } from "./help-examples.js";

export const LOG_LEVELS = [
	"trace",
	"debug",
	"info",
	"warn",
	"error",
	"fatal",
	"silent",
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface DisplayFlags {
	readonly logLevel: LogLevel;
	/** --json: structured logs also on a terminal. */
	readonly json: boolean;
}

export type CommandLineOutcome =
	| {
			readonly kind: "run";
			readonly config: TunnelConfig;
			readonly display: DisplayFlags;
	  }
	/** Help or version: print and exit 0. */
	| { readonly kind: "text"; readonly text: string }
	/** Print to standard error and exit 2. */
	| { readonly kind: "usage-error"; readonly text: string };

/** What commander has after the parsers of flag-values.ts. */
interface TunnelFlags {
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
	readonly hostSetup: TunnelConfig["hostSetup"];
	readonly interface: readonly string[];
	readonly onTunLost: TunnelConfig["onTunLost"];
	readonly maxFlows: number;
	readonly wireProfile: TunnelConfig["wireProfile"];
	readonly logLevel: LogLevel;
	readonly json?: true;
}

type OnRun = (role: TunnelRole, flags: TunnelFlags) => void;

/** @param words the command line without `node` and the script. */
export function parseCommandLine(
	words: readonly string[],
	version: string,
): CommandLineOutcome {
	const written = { out: "", err: "" };
	let outcome: CommandLineOutcome | null = null;
	const program = createProgram({
		version,
		onRun: (role, flags) => {
			outcome = toOutcome(role, flags);
		},
		output: {
			writeOut: (text) => {
				written.out += text;
			},
			writeErr: (text) => {
				written.err += text;
			},
		},
	});
	try {
		program.parse([...words], { from: "user" });
	} catch (error) {
		if (!(error instanceof CommanderError)) throw error;
		const { out, err } = written;
		return error.exitCode === 0
			? { kind: "text", text: out }
			: { kind: "usage-error", text: err };
	}
	return outcome ?? { kind: "usage-error", text: program.helpInformation() };
}

/** The commands as commander knows them; exported so that a test can hold the documentation against it. */
export function createProgram(parts: {
	readonly version: string;
	readonly onRun: OnRun;
	readonly output: OutputConfiguration;
}): Command {
	const { version, onRun, output } = parts;
	const program = new Command("tunscope")
		.description(
			"Carries UDP over fake TCP through a TUN device, in the wire format of Phantun.",
		)
		.version(`tunscope ${version}`, "-V, --version", "print the version")
		.helpOption("-h, --help", "print this help")
		.addHelpText("after", ROOT_EXAMPLES)
		.exitOverride()
		.configureOutput(output)
		.showSuggestionAfterError(true);
	for (const role of ["client", "server"] as const) {
		const command = program
			.command(role)
			.description(DESCRIPTIONS[role])
			.helpOption("-h, --help", "print this help")
			.version(`tunscope ${version}`, "-V, --version", "print the version")
			.showHelpAfterError(`(tunscope ${role} --help lists all flags)`)
			.addHelpText("after", EXAMPLES[role])
			.action((flags: TunnelFlags) => onRun(role, flags));
		for (const option of tunnelOptions(role)) command.addOption(option);
	}
	return program;
}

const DESCRIPTIONS: Readonly<Record<TunnelRole, string>> = {
	client:
		"Listens for UDP datagrams and carries them to a tunscope or Phantun server.",
	server:
		"Takes fake TCP from tunscope or Phantun clients and hands the datagrams to a UDP target.",
};

function tunnelOptions(role: TunnelRole): readonly Option[] {
	return [
		...endpointOptions(role),
		...tunOptions(role),
		...limitOptions(),
		...hostOptions(role),
		new Option("--log-level <level>", "least level of log lines")
			.choices(LOG_LEVELS)
			.default("info"),
		new Option(
			"--json",
			"structured logs on standard output, also on a terminal",
		),
	];
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

function limitOptions(): readonly Option[] {
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
			"--interface <NAME>",
			`interface that ${role === "client" ? "leads to the server" : "clients come from"}; repeatable`,
		)
			.argParser(collectInterfaceName)
			.default([], "all"),
	];
}

function toOutcome(role: TunnelRole, flags: TunnelFlags): CommandLineOutcome {
	const listen =
		typeof flags.local === "number"
			? { host: "::", port: flags.local }
			: flags.local;
	const parsed = tunnelConfigSchema.safeParse({
		name: `${role}_${listen.port}`,
		role,
		listen: { address: listen.host, port: listen.port },
		remote: flags.remote,
		tun: {
			name: flags.tun,
			local4: flags.tunLocal,
			peer4: flags.tunPeer,
			local6: flags.tunLocal6,
			peer6: flags.tunPeer6,
		},
		ipv4Only: flags.ipv4Only ?? false,
		...(flags.handshakePacket === undefined
			? {}
			: { handshakePacketPath: flags.handshakePacket }),
		linkMtuBytes: flags.linkMtu,
		oversize: flags.oversize,
		idleTimeoutMs: flags.idleTimeout,
		hostSetup: flags.hostSetup,
		interfaces: [...flags.interface],
		onTunLost: flags.onTunLost,
		maxFlows: flags.maxFlows,
		wireProfile: flags.wireProfile,
	});
	if (parsed.success) {
		const { logLevel, json = false } = flags;
		return { kind: "run", config: parsed.data, display: { logLevel, json } };
	}
	const problems = parsed.error.issues.map(
		({ path, message }) => `${path.join(".")}: ${message}`,
	);
	return { kind: "usage-error", text: `error: ${problems.join("; ")}\n` };
}

// The command line: Phantun's flags with Phantun's meaning, and ours; words in, what is wanted out.

import {
	captureOf,
	type LogLevel,
	type TunnelConfig,
	type TunnelRequest,
	type TunnelRole,
} from "@tunscope/shared/lean";
import { Command, CommanderError, type OutputConfiguration } from "commander";
import {
	type AnomaliesQuestion,
	addAnomaliesCommand,
} from "./anomalies-command.js";
import { addCaptureCommand, type CaptureQuestion } from "./capture-command.js";
import { addCompletionCommand } from "./completion-command.js";
import { addFileCommands, type FileQuestion } from "./file-commands.js";
import { EXAMPLES, ROOT_EXAMPLES } from "./help-examples.js";
import {
	examplesUnder,
	type PhantunName,
	phantunNameOf,
	withPhantunDefaults,
} from "./phantun-names.js";
import {
	addReconnectCommand,
	type ReconnectQuestion,
} from "./reconnect-command.js";
import { addStatusCommand, type StatusQuestion } from "./status-command.js";
import { type TunnelFlags, tunnelOptions } from "./tunnel-options.js";

export interface DisplayFlags {
	readonly logLevel: LogLevel;
	/** --json: structured logs also on a terminal. */
	readonly json: boolean;
	/** --anomalies: they have standard output to themselves. */
	readonly anomalies: boolean;
}

export type CommandLineOutcome =
	| {
			readonly kind: "run";
			readonly config: TunnelConfig;
			/** What was said, as opposed to what is so by default. */
			readonly isFixed: TunnelRequest["isFixed"];
			readonly display: DisplayFlags;
	  }
	| { readonly kind: "status"; readonly question: StatusQuestion }
	| { readonly kind: "anomalies"; readonly question: AnomaliesQuestion }
	| { readonly kind: "reconnect"; readonly question: ReconnectQuestion }
	| { readonly kind: "capture"; readonly question: CaptureQuestion }
	| { readonly kind: "file"; readonly question: FileQuestion }
	/** Help, version or a script: print and exit 0. */
	| { readonly kind: "text"; readonly text: string }
	/** Print to standard error and exit 2. */
	| { readonly kind: "usage-error"; readonly text: string };

/**
 * @param words the command line without `node` and the script.
 * @param calledAs the script, as it was called: Phantun's names stand for a role.
 */
export function parseCommandLine(
	words: readonly string[],
	version: string,
	calledAs = "tunscope",
): CommandLineOutcome {
	const written = { out: "", err: "" };
	let outcome: CommandLineOutcome | null = null;
	// What is to be converted has flags of its own, which are not ours to understand.
	const dashes = words[0] === "convert" ? words.indexOf("--") : -1;
	const ownWords = dashes < 0 ? words : words.slice(0, dashes);
	const program = createProgram({
		version,
		calledAs,
		wordsBehindDashes: dashes < 0 ? [] : words.slice(dashes + 1),
		onOutcome: (wanted) => {
			outcome = wanted;
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
		program.parse([...ownWords], { from: "user" });
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
	readonly calledAs?: string;
	readonly wordsBehindDashes?: readonly string[];
	/** Called with what the words ask for, when they do. */
	readonly onOutcome: (outcome: CommandLineOutcome) => void;
	readonly output: OutputConfiguration;
}): Command {
	const { version, wordsBehindDashes = [], onOutcome, output } = parts;
	const phantun = phantunNameOf(parts.calledAs ?? "");
	if (phantun !== null) return createPhantunProgram(phantun, parts);
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
			.showHelpAfterError(`(tunscope ${role} --help lists all flags)`)
			.addHelpText("after", EXAMPLES[role])
			.action((flags: TunnelFlags, self: Command) =>
				onOutcome(toOutcome(role, flags, fixedBy(self))),
			);
		describeTunnel(command, role, version);
		for (const option of tunnelOptions(role)) command.addOption(option);
	}
	addFileCommands(program, wordsBehindDashes, (question) =>
		onOutcome({ kind: "file", question }),
	);
	addStatusCommand(program, (question) =>
		onOutcome({ kind: "status", question }),
	);
	addAnomaliesCommand(program, (question) =>
		onOutcome({ kind: "anomalies", question }),
	);
	addCaptureCommand(program, (question) =>
		onOutcome({ kind: "capture", question }),
	);
	addReconnectCommand(program, (question) =>
		onOutcome({ kind: "reconnect", question }),
	);
	addCompletionCommand(program, (text) => onOutcome({ kind: "text", text }));
	return program;
}

function describeTunnel(
	command: Command,
	role: TunnelRole,
	version: string,
): Command {
	return command
		.description(DESCRIPTIONS[role])
		.helpOption("-h, --help", "print this help")
		.version(`tunscope ${version}`, "-V, --version", "print the version");
}

/** One command, whose name says the role; the addresses are those that the host's own rules have. */
function createPhantunProgram(
	called: PhantunName,
	parts: Parameters<typeof createProgram>[0],
): Command {
	const { name, role } = called;
	const command = describeTunnel(new Command(name), role, parts.version)
		.showHelpAfterError(`(${name} --help lists all flags)`)
		.addHelpText("after", examplesUnder(called, EXAMPLES[role]))
		.exitOverride()
		.configureOutput(parts.output)
		.action((flags: TunnelFlags, self: Command) => {
			const isFixed = { ...fixedBy(self), ipv4: true, ipv6: true };
			parts.onOutcome(toOutcome(role, flags, isFixed));
		});
	for (const option of withPhantunDefaults(tunnelOptions(role)))
		command.addOption(option);
	return command;
}

const DESCRIPTIONS: Readonly<Record<TunnelRole, string>> = {
	client:
		"Listens for UDP datagrams and carries them to a tunscope or Phantun server.",
	server:
		"Takes fake TCP from tunscope or Phantun clients and hands the datagrams to a UDP target.",
};

/** A flag that was given is the operator's choice, also where it says what would be so by default. */
function fixedBy(command: Command): TunnelRequest["isFixed"] {
	const isGiven = (...names: readonly string[]) =>
		names.some((name) => command.getOptionValueSource(name) === "cli");
	return {
		tunName: isGiven("tun"),
		ipv4: isGiven("tunLocal", "tunPeer"),
		ipv6: isGiven("tunLocal6", "tunPeer6"),
	};
}

// Every value has passed its flag's parser; a test holds the result against the schema, which is not loaded here.
function toOutcome(
	role: TunnelRole,
	flags: TunnelFlags,
	isFixed: TunnelRequest["isFixed"],
): CommandLineOutcome {
	const { tunLocal, tunPeer, tunLocal6, tunPeer6, handshakePacket } = flags;
	const { rotateEvery = "off" } = flags;
	if (tunLocal === tunPeer || tunLocal6 === tunPeer6) {
		const text = "error: the TUN's local and peer addresses must differ\n";
		return { kind: "usage-error", text };
	}
	const listen =
		typeof flags.local === "number"
			? { host: "::", port: flags.local }
			: flags.local;
	const config: TunnelConfig = {
		name: `${role}_${listen.port}`,
		role,
		listen: { address: listen.host, port: listen.port },
		remote: flags.remote,
		tun: {
			name: flags.tun,
			local4: tunLocal,
			peer4: tunPeer,
			local6: tunLocal6,
			peer6: tunPeer6,
		},
		ipv4Only: flags.ipv4Only ?? false,
		...(handshakePacket === undefined
			? {}
			: { handshakePacketPath: handshakePacket }),
		linkMtuBytes: flags.linkMtu,
		oversize: flags.oversize,
		idleTimeoutMs: flags.idleTimeout,
		...(rotateEvery === "off" ? {} : { rotateEveryMs: rotateEvery }),
		hostSetup: flags.hostSetup,
		allowForeignFirewall: flags.allowForeignFirewall ?? false,
		interfaces: [...flags.interface],
		onTunLost: flags.onTunLost,
		maxFlows: flags.maxFlows,
		wireProfile: flags.wireProfile,
		...captureOf(flags.capture, flags.captureSnap),
	};
	const { logLevel, json = false, anomalies = false } = flags;
	const display = { logLevel, json, anomalies };
	return { kind: "run", config, isFixed, display };
}

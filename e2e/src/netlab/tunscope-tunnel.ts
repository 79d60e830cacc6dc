// Starts our own daemon's `tunscope client` and `tunscope server` in a lab; it sets its host up itself.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
	type LabProcess,
	startInNamespace,
	TUNNEL_DEADLINE_MS,
} from "./lab-process.js";
import { childPids } from "./process-probe.js";
import {
	CLIENT_TUN,
	type ClientOptions,
	hostAndPort,
	SERVER_TUN,
	type TunnelEnd,
	type TunnelKind,
} from "./tunnel-options.js";
import { waitUntil } from "./wait-until.js";

/** The clone's top folder: sources and `dist` of this package lie equally deep. */
const TOP_FOLDER = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = commandIn(TOP_FOLDER);
const BUILT_ENTRY = join(TOP_FOLDER, "apps/daemon/dist/main.js");
const READY_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 5_000;
/** Logged by the daemon once datagrams can be carried. */
const READY_LOG = /"event":"running"/;

function commandIn(topFolder: string): string {
	return join(topFolder, "apps/daemon/bin/tunscope.js");
}

/** Null when the daemon can be run, else the reason as a sentence. */
export function whyNoDaemon(): string | null {
	if (existsSync(COMMAND) && existsSync(BUILT_ENTRY)) return null;
	return `the daemon is not built (${BUILT_ENTRY} is missing): run npm run build`;
}

/** argv of the command, e.g. for tests of flags. */
export function tunscopeArgv(...argv: readonly string[]): string[] {
	return [process.execPath, COMMAND, ...argv];
}

/** Our daemon as it was built in another tree, e.g. of an earlier commit. */
export function oursBuiltIn(topFolder: string): TunnelKind {
	return tunnelOf(commandIn(topFolder));
}

export const ours: TunnelKind = tunnelOf(COMMAND);

function tunnelOf(command: string): TunnelKind {
	return {
		name: "ours",
		startClient: (options) => {
			const tunName = options.tunName ?? CLIENT_TUN;
			const running = startInNamespace(options.host.namespace, {
				deadlineMs: TUNNEL_DEADLINE_MS,
				argv: [
					...[process.execPath, command],
					...[...clientWords(options, tunName), "--json"],
				],
			});
			return settle(running, tunName);
		},
		startServer: (options) => {
			const tunName = options.tunName ?? SERVER_TUN;
			const target = hostAndPort(options.targetAddress, options.targetPort);
			const running = startInNamespace(options.host.namespace, {
				deadlineMs: TUNNEL_DEADLINE_MS,
				argv: [
					...[process.execPath, command, "server"],
					...["--local", String(options.port), "--remote", target],
					...["--tun", tunName, "--json"],
					...(options.extraArguments ?? []),
				],
			});
			return settle(running, tunName);
		},
	};
}

export interface TerminalSize {
	readonly rows: number;
	readonly columns: number;
}

/** Our client on a pseudo-terminal, where it shows its live view instead of JSON lines; needs Debian's `script`. */
export async function startClientOnTerminal(
	options: ClientOptions,
	size: TerminalSize,
	onOutput: (text: string) => void,
): Promise<TunnelEnd> {
	const tunName = options.tunName ?? CLIENT_TUN;
	const command = tunscopeArgv(...clientWords(options, tunName))
		.map(quoteForShell)
		.join(" ");
	const { rows, columns } = size;
	const running = startInNamespace(options.host.namespace, {
		argv: [
			...["script", "--quiet", "--flush", "--return", "--command"],
			`stty rows ${rows} cols ${columns}; exec ${command}`,
			"/dev/null",
		],
		deadlineMs: null,
		onOutput,
	});
	const end = await settle(running, tunName, /is running/);
	return { ...end, stop: () => stopInsideTerminal(running) };
}

/** `script` would kill its child after two seconds, so the signal goes to the child: the daemon itself. */
async function stopInsideTerminal(terminal: LabProcess): Promise<void> {
	if (terminal.outcome() === null)
		for (const pid of childPids(terminal.pid)) process.kill(pid, "SIGTERM");
	await waitUntil(() => terminal.outcome(), {
		what: "the client's end",
		deadlineMs: STOP_DEADLINE_MS,
	});
}

function quoteForShell(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}

function clientWords(options: ClientOptions, tunName: string): string[] {
	return [
		"client",
		...["--local", hostAndPort(options.localAddress, options.localPort)],
		...["--remote", hostAndPort(options.serverAddress, options.serverPort)],
		...["--tun", tunName],
		...(options.extraArguments ?? []),
	];
}

async function settle(
	running: LabProcess,
	tunName: string,
	readySign = READY_LOG,
): Promise<TunnelEnd> {
	const stop = async () => {
		await running.stop();
	};
	try {
		await running.waitForOutput(readySign, READY_DEADLINE_MS);
	} catch (error) {
		await stop();
		throw error;
	}
	return { process: running, tunName, stop };
}

// Starts our own daemon's `tunscope client` and `tunscope server` in a lab; it sets its host up itself.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type LabProcess, startInNamespace } from "./lab-process.js";
import {
	CLIENT_TUN,
	hostAndPort,
	SERVER_TUN,
	type TunnelEnd,
	type TunnelKind,
} from "./tunnel-options.js";

/** The built daemon: sources and `dist` of this package lie equally deep. */
const COMMAND = fileURLToPath(
	new URL("../../../apps/daemon/bin/tunscope.js", import.meta.url),
);
const BUILT_ENTRY = fileURLToPath(
	new URL("../../../apps/daemon/dist/main.js", import.meta.url),
);
const READY_DEADLINE_MS = 10_000;
/** Logged by the daemon once datagrams can be carried. */
const READY_LOG = /"event":"running"/;

/** Null when the daemon can be run, else the reason as a sentence. */
export function whyNoDaemon(): string | null {
	if (existsSync(COMMAND) && existsSync(BUILT_ENTRY)) return null;
	return `the daemon is not built (${BUILT_ENTRY} is missing): run npm run build`;
}

/** argv of the command, e.g. for tests of flags. */
export function tunscopeArgv(...argv: readonly string[]): string[] {
	return [process.execPath, COMMAND, ...argv];
}

export const ours: TunnelKind = {
	name: "ours",
	startClient: (options) => {
		const tunName = options.tunName ?? CLIENT_TUN;
		const running = startInNamespace(options.host.namespace, {
			argv: tunscopeArgv(
				"client",
				...["--local", hostAndPort(options.localAddress, options.localPort)],
				...["--remote", hostAndPort(options.serverAddress, options.serverPort)],
				...["--tun", tunName, "--json"],
				...(options.extraArguments ?? []),
			),
		});
		return settle(running, tunName);
	},
	startServer: (options) => {
		const tunName = options.tunName ?? SERVER_TUN;
		const running = startInNamespace(options.host.namespace, {
			argv: tunscopeArgv(
				"server",
				...["--local", String(options.port)],
				...["--remote", hostAndPort(options.targetAddress, options.targetPort)],
				...["--tun", tunName, "--json"],
				...(options.extraArguments ?? []),
			),
		});
		return settle(running, tunName);
	},
};

async function settle(
	running: LabProcess,
	tunName: string,
): Promise<TunnelEnd> {
	const stop = async () => {
		await running.stop();
	};
	try {
		await running.waitForOutput(READY_LOG, READY_DEADLINE_MS);
	} catch (error) {
		await stop();
		throw error;
	}
	return { process: running, tunName, stop };
}

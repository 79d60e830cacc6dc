// Our tunnel with the collector's trace on, to see how much its JavaScript allocates.

import {
	createLab,
	hostAndPort,
	type Lab,
	type LabHost,
	type LabProcess,
	type LinkProfile,
	startInNamespace,
	tunscopeArgv,
} from "@tunscope/e2e/netlab";
import { type Column, FAKE_TCP_PORT, TUNNEL_PLACES } from "./column.js";

const CLIENT_TUN = "tunc0";
const SERVER_TUN = "tuns0";
const READY_DEADLINE_MS = 10_000;
const READY_LOG = /"event":"running"/;
const RUN_DEADLINE_MS = 600_000;

export interface TracedTunnel {
	readonly column: Column;
	/** Standard output of the two daemons so far, collector's trace included. */
	output(): readonly string[];
}

/** argv of the command with V8's trace: it prints a line per collection, for the worker threads too. */
function tracedArgv(...argv: readonly string[]): string[] {
	const [node, ...command] = tunscopeArgv(...argv);
	return [node ?? process.execPath, "--trace-gc", ...command];
}

async function startTraced(
	host: LabHost,
	argv: readonly string[],
): Promise<LabProcess> {
	const running = startInNamespace(host.namespace, {
		argv: tracedArgv(...argv, "--json"),
		deadlineMs: RUN_DEADLINE_MS,
	});
	await running.waitForOutput(READY_LOG, READY_DEADLINE_MS);
	return running;
}

async function startEnds(lab: Lab): Promise<readonly LabProcess[]> {
	const { target, sinkBind } = TUNNEL_PLACES;
	const server = await startTraced(lab.server, [
		"server",
		...["--local", String(FAKE_TCP_PORT)],
		...["--remote", hostAndPort(sinkBind.address, sinkBind.port)],
		...["--tun", SERVER_TUN],
	]);
	const client = await startTraced(lab.client, [
		"client",
		...["--local", hostAndPort(target.address, target.port)],
		...["--remote", hostAndPort(lab.server.address4, FAKE_TCP_PORT)],
		...["--tun", CLIENT_TUN],
	]);
	return [client, server];
}

export async function openTracedTunnel(
	linkProfile: LinkProfile,
): Promise<TracedTunnel> {
	const lab = await createLab({ linkProfile, referee: "off" });
	try {
		const ends = await startEnds(lab);
		return {
			column: {
				name: "ours",
				lab,
				...TUNNEL_PLACES,
				daemonPids: ends.map(({ pid }) => pid),
				close: async () => {
					for (const end of ends) await end.stop();
					await lab.tearDown();
				},
			},
			output: () => ends.map((end) => end.stdout()),
		};
	} catch (error) {
		await lab.tearDown();
		throw error;
	}
}

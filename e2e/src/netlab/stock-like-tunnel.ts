// Starts programs with stock Phantun's command line (the genuine one, or our double) and sets their hosts up.

import type { LabHost } from "./lab.js";
import {
	type LabProcess,
	startInNamespace,
	TUNNEL_DEADLINE_MS,
} from "./lab-process.js";
import { deviceNames, hasUdpPort } from "./process-probe.js";
import {
	type StockHostSetUp,
	setUpStockClientHost,
	setUpStockServerHost,
} from "./stock-host.js";
import {
	CLIENT_TUN,
	hostAndPort,
	SERVER_TUN,
	type TunnelEnd,
	type TunnelKind,
} from "./tunnel-options.js";
import { waitUntil } from "./wait-until.js";

const READY_DEADLINE_MS = 10_000;

export interface StockLikeProgram {
	readonly name: "stock" | "double";
	readonly clientArgv: readonly string[];
	readonly serverArgv: readonly string[];
}

export function stockLikeTunnel(program: StockLikeProgram): TunnelKind {
	const environment = { RUST_LOG: "info" };
	return {
		name: program.name,
		startClient: async (options) => {
			const { host, tunName = CLIENT_TUN } = options;
			const setUp = await setUpStockClientHost(host, tunName);
			const running = startInNamespace(host.namespace, {
				deadlineMs: TUNNEL_DEADLINE_MS,
				argv: [
					...program.clientArgv,
					...["--local", hostAndPort(options.localAddress, options.localPort)],
					...[
						"--remote",
						hostAndPort(options.serverAddress, options.serverPort),
					],
					...["--tun", tunName],
					...(options.extraArguments ?? []),
				],
				environment,
			});
			return settle({ running, setUp, tunName, host }, () =>
				hasUdpPort(running.pid, options.localPort),
			);
		},
		startServer: async (options) => {
			const { host, tunName = SERVER_TUN } = options;
			const setUp = await setUpStockServerHost(host, options.port);
			const running = startInNamespace(host.namespace, {
				deadlineMs: TUNNEL_DEADLINE_MS,
				argv: [
					...program.serverArgv,
					...["--local", String(options.port)],
					...[
						"--remote",
						hostAndPort(options.targetAddress, options.targetPort),
					],
					...["--tun", tunName],
					...(options.extraArguments ?? []),
				],
				environment,
			});
			return settle({ running, setUp, tunName, host }, () => true);
		},
	};
}

interface Starting {
	readonly running: LabProcess;
	readonly setUp: StockHostSetUp;
	readonly tunName: string;
	readonly host: LabHost;
}

/** Ready means: the TUN is there, up, with its addresses usable, and what else the role needs. */
async function settle(
	starting: Starting,
	isRoleReady: () => boolean,
): Promise<TunnelEnd> {
	const { running, setUp, tunName, host } = starting;
	const stop = async () => {
		await running.stop();
		await setUp.undo();
	};
	try {
		await waitUntil(
			async () => {
				if (running.outcome() !== null)
					throw new Error(
						`${running.argv.join(" ")} ended at start:\n${running.stdout()}${running.stderr()}`,
					);
				if (!deviceNames(running.pid).includes(tunName)) return false;
				if (!isRoleReady()) return false;
				return isTunUsable(host, tunName);
			},
			{
				what: `${running.argv[0]} ready`,
				deadlineMs: READY_DEADLINE_MS,
			},
		);
	} catch (error) {
		await stop();
		throw error;
	}
	return { process: running, tunName, stop };
}

async function isTunUsable(host: LabHost, tunName: string): Promise<boolean> {
	const listing = await host.namespace.run(["ip", "addr", "show", tunName]);
	return (
		listing.includes(",UP") &&
		listing.includes("inet ") &&
		!listing.includes("tentative")
	);
}

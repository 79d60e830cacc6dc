// A tunnel of ours with a router between its ends, to be shot at; afterwards both daemons must have come through sound.

import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import { residentBytes } from "../netlab/process-probe.js";
import type { Family } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import {
	runTraffic,
	type TrafficOutcome,
	type TrafficRun,
} from "../traffic/run-traffic.js";
import {
	countLogged,
	finalCounters,
	packetsNotAccountedFor,
} from "../tunnel/daemon-log.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import { askDaemon } from "./ask-daemon.js";

const FLOWING_LIMIT_MS = 8_000;
const ENOUGH_ECHOES = 20;
const SETTLE_LIMIT_MS = 5_000;

export interface AttackedTunnel {
	readonly lab: Lab;
	readonly router: Namespace;
	readonly tunnel: TunnelInLab;
	readonly family: Family;
}

export interface AttackedTunnelOptions {
	readonly family: Family;
	/** Of both ends. */
	readonly arguments?: readonly string[];
}

/** @returns sentences about what is wrong with the daemons at their end; none when both are sound. */
export async function withAttackedTunnel(
	{ family, arguments: words = [] }: AttackedTunnelOptions,
	body: (scene: AttackedTunnel) => Promise<void>,
): Promise<readonly string[]> {
	// Without the referee, which would keep most of an attack away from the TUN.
	return withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		const { router } = lab;
		if (router === null) throw new Error("this lab has no router");
		const tunnel = await startTunnel(lab, {
			client: ours,
			server: ours,
			family,
			clientArguments: words,
			serverArguments: words,
		});
		await body({ lab, router, tunnel, family });
		await tunnel.stop();
		return [tunnel.client, tunnel.server].flatMap(faultsOf);
	});
}

function faultsOf({ process: running }: TunnelInLab["client"]): string[] {
	const what = running.argv[2] ?? "daemon";
	const faults: string[] = [];
	const code = running.outcome()?.code;
	if (code !== 0) faults.push(`${what} ended with ${code}`);
	const crashes = countLogged(running, "worker-ended");
	if (crashes > 0) faults.push(`${what}'s worker ended ${crashes} times`);
	const strays = packetsNotAccountedFor(finalCounters(running));
	if (strays !== 0)
		faults.push(`${strays} packets of ${what} are not in exactly one counter`);
	return faults;
}

export interface GoodFlow {
	/** Waits until echoes come back. @throws DeadlineError */
	flows(): Promise<void>;
	readonly outcome: Promise<TrafficOutcome>;
}

/** Starts the flow that must not notice anything; datagrams of one size, so that its segments can be told apart. */
export function startGoodFlow(
	tunnel: TunnelInLab,
	plan: Required<Pick<TrafficRun, "up" | "sizes" | "maxSeconds">>,
): GoodFlow {
	let echoes = 0;
	const outcome = runTraffic({
		...tunnel.places,
		...plan,
		echo: true,
		onProgress: (role, progress) => {
			if (role === "open") echoes = progress.received;
		},
	});
	// A run that fails is told by whoever awaits it.
	outcome.catch(() => undefined);
	return {
		flows: async () => {
			await waitUntil(() => echoes >= ENOUGH_ECHOES, {
				what: "echoes through the tunnel",
				deadlineMs: FLOWING_LIMIT_MS,
			});
		},
		outcome,
	};
}

/** Waits until the counters of packets stand still and add up, which they do between two batches only. */
export async function settledPackets(end: TunnelInLab["server"]) {
	let before = -1;
	return waitUntil(
		async () => {
			const { packets } = await askDaemon(end);
			const { read, ...fates } = packets;
			const sum = Object.values(fates).reduce((all, one) => all + one, 0);
			const isSettled = read === before && read === sum;
			before = read;
			return isSettled && packets;
		},
		{
			what: "the fates of packets add up to the packets read",
			deadlineMs: SETTLE_LIMIT_MS,
			intervalMs: 200,
		},
	);
}

/** Of a host's link, for whoever puts frames onto it. */
export async function macOf({
	namespace,
	interfaceName,
}: LabHost): Promise<string> {
	const path = `/sys/class/net/${interfaceName}/address`;
	return (await namespace.run(["cat", path])).trim();
}

/** Flows that either daemon has closed so far, for whatever reason. */
export function closedFlows({ client, server }: TunnelInLab): number {
	return (
		countLogged(client.process, "flow-closed") +
		countLogged(server.process, "flow-closed")
	);
}

const MIB = 1024 * 1024;

/** Resident memory of an end's daemon, in MiB. */
export function residentMib(end: TunnelInLab["server"]): number {
	return residentBytes(end.process.pid) / MIB;
}

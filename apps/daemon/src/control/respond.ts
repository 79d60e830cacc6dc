// What an instance answers to each request on its control socket.

import {
	CONTROL_VERSION,
	type ControlRequest,
	type InstanceDescription,
} from "@tunscope/shared/lean";
import { captureStream } from "../capture/capture-stream.js";
import type { ManagedTunnel } from "../instance/managed-tunnel.js";
import { anomalyStream } from "./anomaly-stream.js";
import { type Refusal, refuse } from "./control-request.js";
import type { Reply, Respond } from "./serve-connection.js";

/** The part of a ManagedTunnel that requests are about. */
export type ControlledTunnel = Pick<
	ManagedTunnel,
	"describe" | "captureMemory" | "anomalies" | "reconnect"
>;

export interface ResponderOptions {
	readonly describe: () => Promise<InstanceDescription>;
	/** The tunnels now. */
	readonly listTunnels: () => readonly ControlledTunnel[];
	/** Of tunscope, e.g. "1.2.3". */
	readonly version: string;
	readonly clock: {
		monotonicMs(): number;
		wallMs(): number;
	};
}

type RequestFor<Kind> = Extract<ControlRequest, { readonly request: Kind }>;

export function createResponder(options: ResponderOptions): Respond {
	return async (request, viewer) => {
		switch (request.request) {
			case "status":
				return { answer: await options.describe(), body: null };
			case "capture":
				return respondWithCapture(options, request, viewer);
			case "reconnect":
				return respondToReconnect(options, request);
			case "anomalies":
				return respondWithAnomalies(options, request, viewer);
		}
	};
}

function respondWithCapture(
	{ listTunnels, version, clock }: ResponderOptions,
	{ tunnel: name, isFollowing }: RequestFor<"capture">,
	viewer: AbortSignal,
): Reply | Refusal {
	const nowMs = clock.monotonicMs();
	const tunnel = listTunnels().find((one) => nameOf(one, nowMs) === name);
	if (tunnel === undefined)
		return refuse("unknown-tunnel", `No tunnel named ${name} runs here.`);
	const memory = tunnel.captureMemory;
	const { config, tunName } = tunnel.describe(nowMs);
	if (memory === null)
		return refuse(
			"no-capture",
			config.capture === undefined
				? `${name} keeps no packets: start it with --capture 8MiB, or put "capture: 8MiB" below it in the configuration file.`
				: `${name} has not started yet, so there are no packets.`,
		);
	return {
		answer: { version: CONTROL_VERSION, kind: "capture", tunnel: name },
		body: captureStream({
			memory,
			interfaceName: tunName === "" ? name : tunName,
			description: `the TUN of tunscope ${config.role} ${name}`,
			application: `tunscope ${version}`,
			isFollowing,
			signal: viewer,
			// A reload has taken it away, or its next attempt has a ring of its own.
			isOver: () =>
				tunnel.captureMemory !== memory || !listTunnels().includes(tunnel),
			wallMs: clock.wallMs,
		}),
	};
}

function respondToReconnect(
	options: ResponderOptions,
	{ tunnels: names }: RequestFor<"reconnect">,
): Reply {
	const nowMs = options.clock.monotonicMs();
	const tunnels = namedTunnels(options, names).map((tunnel) => {
		const { name, role } = tunnel.describe(nowMs).config;
		if (role === "server") return { name, outcome: "is-server" as const };
		const outcome = tunnel.reconnect()
			? ("begun" as const)
			: ("not-running" as const);
		return { name, outcome };
	});
	return {
		answer: { version: CONTROL_VERSION, kind: "reconnect", tunnels },
		body: null,
	};
}

function respondWithAnomalies(
	options: ResponderOptions,
	{ tunnels: names, isFollowing }: RequestFor<"anomalies">,
	viewer: AbortSignal,
): Reply {
	const listRings = () =>
		namedTunnels(options, names).map(({ anomalies }) => anomalies);
	return {
		answer: { version: CONTROL_VERSION, kind: "anomalies" },
		body: anomalyStream({ listRings, isFollowing, signal: viewer }),
	};
}

/** @param names none: all */
function namedTunnels(
	{ listTunnels, clock }: ResponderOptions,
	names: readonly string[],
): readonly ControlledTunnel[] {
	if (names.length === 0) return listTunnels();
	const nowMs = clock.monotonicMs();
	return listTunnels().filter((one) => names.includes(nameOf(one, nowMs)));
}

/** The name in force, which is the one that the status shows. */
function nameOf(tunnel: ControlledTunnel, nowMs: number): string {
	return tunnel.describe(nowMs).config.name;
}

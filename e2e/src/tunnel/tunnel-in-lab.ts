// A tunnel between the two hosts of a lab: server, client, and the UDP places of the applications at both ends.

import type { Lab, LabHost } from "../netlab/lab.js";
import type {
	Family,
	TunnelEnd,
	TunnelKind,
} from "../netlab/tunnel-options.js";
import type { UdpPlace } from "../traffic/run-traffic.js";

/** Fake-TCP port of the server, UDP port of its target, UDP port that the client listens on. */
export const PORTS = { fakeTcp: 4567, target: 9000, client: 9001 } as const;

const RIVAL_QUEUE_PACKETS = 10_000;

const LOOPBACK: Readonly<Record<Family, string>> = { 4: "127.0.0.1", 6: "::1" };

export interface Pairing {
	readonly client: TunnelKind;
	readonly server: TunnelKind;
	/** Outer family; the applications use the same. */
	readonly family: Family;
	readonly clientArguments?: readonly string[];
	readonly serverArguments?: readonly string[];
}

export interface TunnelInLab {
	readonly client: TunnelEnd;
	readonly server: TunnelEnd;
	/** For `runTraffic`. */
	readonly places: { readonly opener: UdpPlace; readonly answerer: UdpPlace };
	/** Stops the client, then the server. Idempotent. */
	stop(): Promise<void>;
}

export function placesIn(lab: Lab, family: Family): TunnelInLab["places"] {
	const address = LOOPBACK[family];
	return {
		opener: { host: lab.client, family, address, port: PORTS.client },
		answerer: { host: lab.server, family, address, port: PORTS.target },
	};
}

export function startServerIn(lab: Lab, pairing: Pairing): Promise<TunnelEnd> {
	return pairing.server.startServer({
		host: lab.server,
		port: PORTS.fakeTcp,
		targetAddress: LOOPBACK[pairing.family],
		targetPort: PORTS.target,
		...(pairing.serverArguments === undefined
			? {}
			: { extraArguments: pairing.serverArguments }),
	});
}

export function startClientIn(lab: Lab, pairing: Pairing): Promise<TunnelEnd> {
	return pairing.client.startClient({
		host: lab.client,
		localAddress: LOOPBACK[pairing.family],
		localPort: PORTS.client,
		serverAddress:
			pairing.family === 4 ? lab.server.address4 : lab.server.address6,
		serverPort: PORTS.fakeTcp,
		...(pairing.clientArguments === undefined
			? {}
			: { extraArguments: pairing.clientArguments }),
	});
}

/**
 * For stock and the double only: their TUN has the kernel's 500 packets, 56 ms at 100 Mbit/s, and on two busy cores
 * they are away for longer; what their queue loses says nothing about us. Ours is tested with the queue that the
 * product gives it (links.ts of the daemon): what that loses, users lose.
 */
async function deepenRivalQueue(
	host: LabHost,
	kind: TunnelKind,
	end: TunnelEnd,
): Promise<void> {
	if (kind.name === "ours") return;
	await host.namespace.ip([
		`link set ${end.tunName} txqueuelen ${RIVAL_QUEUE_PACKETS}`,
	]);
}

/** Starts both ends and waits until they are ready. */
export async function startTunnel(
	lab: Lab,
	pairing: Pairing,
): Promise<TunnelInLab> {
	const starting = [
		startServerIn(lab, pairing),
		startClientIn(lab, pairing),
	] as const;
	try {
		const [server, client] = await Promise.all(starting);
		await deepenRivalQueue(lab.server, pairing.server, server);
		await deepenRivalQueue(lab.client, pairing.client, client);
		return {
			client,
			server,
			places: placesIn(lab, pairing.family),
			stop: async () => {
				await client.stop();
				await server.stop();
			},
		};
	} catch (error) {
		for (const one of await Promise.allSettled(starting))
			if (one.status === "fulfilled") await one.value.stop();
		throw error;
	}
}

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

const QUEUE_PACKETS = 10_000;

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
 * A lab test shares two cores with whatever else runs: a program that gets none for a fifth of a second must find
 * its packets still there. How deep the product makes its queue is for the benchmark to judge.
 */
async function deepenQueue(host: LabHost, end: TunnelEnd): Promise<void> {
	await host.namespace.ip([
		`link set ${end.tunName} txqueuelen ${QUEUE_PACKETS}`,
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
		await deepenQueue(lab.server, server);
		await deepenQueue(lab.client, client);
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

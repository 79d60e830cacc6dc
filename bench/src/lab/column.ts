// A column's tunnel, or plain path, in a lab of its own; all columns are up side by side for interleaved runs.

import {
	createLab,
	type Lab,
	type LinkProfile,
	type TunnelEnd,
	type TunnelKind,
} from "@tunscope/e2e/netlab";
import type { Place } from "../traffic/traffic-settings.js";
import type { ColumnName } from "./column-names.js";

/** A path from a generator to a sink, ready to carry. */
export interface Column {
	readonly name: ColumnName;
	readonly lab: Lab;
	/** Where the generator sends to. */
	readonly target: Place;
	/** Where the sink listens. */
	readonly sinkBind: Place;
	/** The daemons, client first; empty for plain UDP. */
	readonly daemonPids: readonly number[];
	/** Stops the daemons and removes the lab. */
	close(): Promise<void>;
}

export interface TunnelKinds {
	readonly ours: TunnelKind;
	/** Null when genuine Phantun is not installed. */
	readonly stock: TunnelKind | null;
}

const PORTS = { sink: 9_000, client: 9_001 } as const;
export const FAKE_TCP_PORT = 4_567;
const LOOPBACK = "127.0.0.1";

/** The kinds at both ends, or null when the column cannot run here. */
function endsOf(
	name: ColumnName,
	{ ours, stock }: TunnelKinds,
): { readonly client: TunnelKind; readonly server: TunnelKind } | null {
	if (name === "ours") return { client: ours, server: ours };
	if (stock === null || name === "plain") return null;
	if (name === "stock") return { client: stock, server: stock };
	if (name === "ours-to-stock") return { client: ours, server: stock };
	return { client: stock, server: ours };
}

export function canRun(name: ColumnName, kinds: TunnelKinds): boolean {
	return name === "plain" || endsOf(name, kinds) !== null;
}

/** @throws Error when the column cannot run here, or a daemon does not start. */
export async function openColumn(
	name: ColumnName,
	kinds: TunnelKinds,
	linkProfile: LinkProfile,
): Promise<Column> {
	// Without the lab's own firewall: conntrack works where the tunnels ask for NAT, and plain UDP stays plain.
	const lab = await createLab({ linkProfile, referee: "off" });
	try {
		if (name === "plain") return plainColumn(lab);
		const ends = endsOf(name, kinds);
		if (ends === null) throw new Error(`${name} cannot run here`);
		const server = await startServer(lab, ends.server);
		const client = await startClient(lab, ends.client);
		return tunnelColumn({ name, lab, client, server });
	} catch (error) {
		await lab.tearDown();
		throw error;
	}
}

export function startServer(lab: Lab, kind: TunnelKind): Promise<TunnelEnd> {
	return kind.startServer({
		host: lab.server,
		port: FAKE_TCP_PORT,
		targetAddress: LOOPBACK,
		targetPort: PORTS.sink,
	});
}

export function startClient(lab: Lab, kind: TunnelKind): Promise<TunnelEnd> {
	return kind.startClient({
		host: lab.client,
		localAddress: LOOPBACK,
		localPort: PORTS.client,
		serverAddress: lab.server.address4,
		serverPort: FAKE_TCP_PORT,
	});
}

export const TUNNEL_PLACES = {
	target: { family: 4, address: LOOPBACK, port: PORTS.client },
	sinkBind: { family: 4, address: LOOPBACK, port: PORTS.sink },
} as const;

function tunnelColumn(parts: {
	readonly name: ColumnName;
	readonly lab: Lab;
	readonly client: TunnelEnd;
	readonly server: TunnelEnd;
}): Column {
	const { name, lab, client, server } = parts;
	return {
		name,
		lab,
		...TUNNEL_PLACES,
		daemonPids: [client.process.pid, server.process.pid],
		close: async () => {
			await client.stop();
			await server.stop();
			await lab.tearDown();
		},
	};
}

function plainColumn(lab: Lab): Column {
	const place = {
		family: 4,
		address: lab.server.address4,
		port: PORTS.sink,
	} as const;
	return {
		name: "plain",
		lab,
		target: place,
		sinkBind: place,
		daemonPids: [],
		close: () => lab.tearDown(),
	};
}

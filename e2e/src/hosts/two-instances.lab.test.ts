// Two instances of ours on one host, of one role or of both: each works, and the first to leave takes nothing of the other's.

import { expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { LabProcess } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import type { Family, TunnelEnd } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import type { UdpPlace } from "../traffic/run-traffic.js";
import { type Conversation, startConversation } from "./conversation.js";
import { ROLES, type Role } from "./host-kind.js";
import { TWO_INSTANCES } from "./situations.js";

const CARRY_LIMIT_MS = 6_000;

/** One of two tunnels between the hosts of a lab; `from` is the host of its client. */
interface Route {
	readonly from: Role;
	/** Between the hosts; the applications' is IPv4. */
	readonly family: Family;
	readonly port: number;
	readonly udpPort: number;
	readonly targetPort: number;
}
const FIRST: Omit<Route, "from"> = {
	family: 4,
	port: 4567,
	udpPort: 9001,
	targetPort: 9000,
};
const SECOND: Omit<Route, "from"> = {
	family: 6,
	port: 4568,
	udpPort: 9011,
	targetPort: 9010,
};

function otherOf(role: Role): Role {
	return role === "client" ? "server" : "client";
}

function startServerOf(lab: Lab, route: Route): Promise<TunnelEnd> {
	return ours.startServer({
		host: lab[otherOf(route.from)],
		port: route.port,
		targetAddress: "127.0.0.1",
		targetPort: route.targetPort,
		tunName: `tuns${route.port}`,
	});
}

function startClientOf(lab: Lab, route: Route): Promise<TunnelEnd> {
	const { address4, address6 } = lab[otherOf(route.from)];
	return ours.startClient({
		host: lab[route.from],
		localAddress: "127.0.0.1",
		localPort: route.udpPort,
		serverAddress: route.family === 4 ? address4 : address6,
		serverPort: route.port,
		tunName: `tunc${route.port}`,
	});
}

function converse(lab: Lab, route: Route): Promise<Conversation> {
	const place = (role: Role, port: number): UdpPlace => ({
		host: lab[role],
		family: 4,
		address: "127.0.0.1",
		port,
	});
	return startConversation({
		opener: place(route.from, route.udpPort),
		answerer: place(otherOf(route.from), route.targetPort),
	});
}

async function stopWell(running: LabProcess): Promise<void> {
	const outcome = await running.stop();
	expect(outcome, running.stderr()).toMatchObject({ code: 0, signal: null });
}

interface Roles {
	readonly name: string;
	/** Where the second tunnel's client is; the first's is on the host "client". */
	readonly secondFrom: Role;
}
const PAIRS: readonly Roles[] = [
	{ name: "two clients here, two servers there", secondFrom: "client" },
	{ name: "a client and a server on either host", secondFrom: "server" },
];

it.each(PAIRS)(`${TWO_INSTANCES.name}: $name`, async ({ secondFrom }) => {
	await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		const hosts = ROLES.map((role) => lab[role].namespace);
		const before = await Promise.all(hosts.map(snapshotHost));
		const first: Route = { from: "client", ...FIRST };
		const second: Route = { from: secondFrom, ...SECOND };
		const talks = [await converse(lab, first), await converse(lab, second)];
		const [talk, otherTalk] = talks;
		// All at once, as at the boot of a machine: they share locks, settings and address pools.
		const [server, client, otherServer, otherClient] = await Promise.all([
			startServerOf(lab, first),
			startClientOf(lab, first),
			startServerOf(lab, second),
			startClientOf(lab, second),
		]);
		for (const one of talks) await one.carries(CARRY_LIMIT_MS);

		// One crashes, the other one of the same host carries on, and a restart brings the first one back; then a server.
		await client.process.stop("SIGKILL");
		await otherTalk?.carries(CARRY_LIMIT_MS);
		const restarted = await startClientOf(lab, first);
		await otherServer.process.stop("SIGKILL");
		await talk?.carries(CARRY_LIMIT_MS);
		const restartedServer = await startServerOf(lab, second);
		for (const one of talks) await one.carries(CARRY_LIMIT_MS);

		// The second tunnel leaves in order; the first one needs the settings still.
		await stopWell(otherClient.process);
		await stopWell(restartedServer.process);
		await talk?.carries(CARRY_LIMIT_MS);
		await stopWell(restarted.process);
		await stopWell(server.process);
		for (const one of talks) await one.end();
		const after = await Promise.all(hosts.map(snapshotHost));
		expect(
			before.flatMap((host, index) => residueBetween(host, after[index] ?? {})),
		).toEqual([]);
	});
});

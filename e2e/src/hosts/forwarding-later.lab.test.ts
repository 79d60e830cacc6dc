// Another program switches forwarding on after our start: what it forwards passes, and still does after our stop.

import { expect, it } from "vitest";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { createNamespace, type Namespace } from "../netlab/namespace.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import {
	placesIn,
	startClientIn,
	startServerIn,
	startTunnel,
} from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { ROLES, type Role } from "./host-kind.js";
import { FORWARDING_LATER } from "./situations.js";

const CARRY_LIMIT_MS = 6_000;
/** wire.md 4.12: the guard goes within a second. The rest is for the neighbour, who tries once a second. */
const PASSAGE_LIMIT_MS = 3_000;
/** The neighbour's net behind the tested host, and the host's address there. */
const NEIGHBOUR = {
	4: { host: "198.18.7.1", own: "198.18.7.2", net: "198.18.7.0/24", bits: 24 },
	6: {
		host: "2001:db8:7::1",
		own: "2001:db8:7::2",
		net: "2001:db8:7::/64",
		bits: 64,
	},
} as const;
const FAMILIES = [4, 6] as const;

/** A machine whose way to everywhere leads through the tested host, as a container's does. */
async function withNeighbour(
	lab: Lab,
	role: Role,
	body: (neighbour: Namespace) => Promise<void>,
): Promise<void> {
	const neighbour = await createNamespace("n");
	try {
		const host = lab[role].namespace;
		await host.ip([
			`link add inside type veth peer name eth0 netns ${neighbour.name}`,
		]);
		for (const family of FAMILIES) {
			const { host: gateway, own, net, bits } = NEIGHBOUR[family];
			const extra = family === 6 ? " nodad" : "";
			await host.ip([`addr add ${gateway}/${bits} dev inside${extra}`]);
			await neighbour.ip([`addr add ${own}/${bits} dev eth0${extra}`]);
			const { address4, address6 } = lab[role];
			const via = family === 4 ? address4 : address6;
			await lab.router?.ip([`route add ${net} via ${via}`]);
		}
		await host.ip(["link set inside up"]);
		await neighbour.ip([
			"link set eth0 up",
			`route add default via ${NEIGHBOUR[4].host}`,
			`route add default via ${NEIGHBOUR[6].host}`,
		]);
		await body(neighbour);
	} finally {
		await neighbour.remove();
	}
}

async function reaches(
	neighbour: Namespace,
	address: string,
): Promise<boolean> {
	const ping = ["ping", "-n", "-q", "-c", "1", "-W", "1", address];
	return neighbour.run(ping).then(
		() => true,
		() => false,
	);
}

async function expectPassage(
	neighbour: Namespace,
	far: LabHost,
	when: string,
): Promise<void> {
	for (const address of [far.address4, far.address6])
		await waitUntil(() => reaches(neighbour, address), {
			what: `the neighbour reaches ${address} ${when}`,
			deadlineMs: PASSAGE_LIMIT_MS,
		});
}

function switchForwarding(host: LabHost, setting: 0 | 1): Promise<void> {
	return host.namespace.sysctl({
		"net.ipv4.ip_forward": setting,
		"net.ipv6.conf.all.forwarding": setting,
	});
}

/** The host as the other program alone would leave it. */
async function asTheOtherWouldLeaveIt(host: LabHost) {
	await switchForwarding(host, 1);
	const wanted = await snapshotHost(host.namespace);
	await switchForwarding(host, 0);
	return wanted;
}

it.each(ROLES)(`${FORWARDING_LATER.name} on the %s's host`, async (role) => {
	await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		await withNeighbour(lab, role, async (neighbour) => {
			const host = lab[role];
			const far = lab[role === "client" ? "server" : "client"];
			const wanted = await asTheOtherWouldLeaveIt(host);
			const pairing = { client: ours, server: ours, family: 4 } as const;
			const conversation = await startConversation(placesIn(lab, 4));
			const tunnel = await startTunnel(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			// Until somebody makes it one, the host is no router: that is the guard.
			for (const address of [far.address4, far.address6])
				expect(await reaches(neighbour, address), "guarded").toBe(false);
			await switchForwarding(host, 1);
			await expectPassage(neighbour, far, "while our tunnel runs");
			await conversation.carries(CARRY_LIMIT_MS);
			// A crash in between changes nothing of it.
			await tunnel[role].process.stop("SIGKILL");
			const start = role === "client" ? startClientIn : startServerIn;
			const again = await start(lab, pairing);
			await conversation.carries(CARRY_LIMIT_MS);
			await expectPassage(neighbour, far, "after a crash and a restart");
			await again.stop();
			await tunnel.stop();
			await conversation.end();
			await expectPassage(neighbour, far, "after our stop");
			const after = await snapshotHost(host.namespace);
			expect(residueBetween(wanted, after)).toEqual([]);
		});
	});
});

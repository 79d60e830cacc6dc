// What is not the tunnel's: a router's forwarded TCP connections to the same port number stay, and a neighbour gains no router.

import { describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import type { Family } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { PORTS, placesIn, startTunnel } from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { ROLES, type Role } from "./host-kind.js";
import {
	addNeighbour,
	askOverTcp,
	startTcpEcho,
} from "./host-setup-neighbour.js";

const CARRY_LIMIT_MS = 6_000;
/** tunscope's end of the TUN, and the rule that keeps strangers from it. */
const TUNS = {
	client: {
		4: "192.168.200.2",
		6: "fcc8::2",
		rule: "nobody opens flows to a client",
	},
	server: {
		4: "192.168.201.2",
		6: "fcc9::2",
		rule: "to the TUN but not by the port",
	},
} as const;

/** Packets that a rule of the tunnel's own tables has counted, by the rule's comment. */
async function countedBy(
	namespace: Namespace,
	comment: string,
): Promise<number> {
	const ruleset = await namespace.run(["nft", "list", "ruleset"]);
	return ruleset
		.split("\n")
		.filter((line) => line.includes(`comment "${comment}"`))
		.reduce(
			(sum, line) =>
				sum + Number(/packets (\d+)/.exec(line)?.[1] ?? Number.NaN),
			0,
		);
}

/** From the side on which the tunnel has switched forwarding on. */
async function refusesStrangers(
	lab: Lab,
	role: Role,
	family: Family,
): Promise<void> {
	const { rule, [family]: tunPeer } = TUNS[role];
	const { namespace, address4, address6 } = lab[role];
	if (lab.router === null) throw new Error("this lab has no router");
	await lab.router.ip([
		`route add ${tunPeer} via ${family === 4 ? address4 : address6}`,
	]);
	expect(await askOverTcp(lab.router, tunPeer, PORTS.fakeTcp)).toBe("nothing");
	expect(await countedBy(namespace, rule)).toBeGreaterThan(0);
}

describe.each([4, 6] as const)("IPv%d", (family) => {
	it("leaves TCP connections alone that the server's host forwards to the same port number", async () => {
		await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
			const neighbour = await addNeighbour(lab, lab.server);
			await lab.server.namespace.sysctl({
				"net.ipv4.ip_forward": 1,
				"net.ipv6.conf.all.forwarding": 1,
			});
			const conversation = await startConversation(placesIn(lab, family));
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
			});
			await conversation.carries(CARRY_LIMIT_MS);
			const inside = family === 4 ? neighbour.address4 : neighbour.address6;
			const outside = family === 4 ? lab.client.address4 : lab.client.address6;
			await startTcpEcho(neighbour.namespace, PORTS.fakeTcp);
			await startTcpEcho(lab.client.namespace, PORTS.fakeTcp);
			const redirected = () =>
				countedBy(lab.server.namespace, "this host's port goes to the TUN");
			const before = await redirected();
			expect(
				await askOverTcp(lab.client.namespace, inside, PORTS.fakeTcp),
			).toBe("echoed");
			expect(
				await askOverTcp(neighbour.namespace, outside, PORTS.fakeTcp),
			).toBe("echoed");
			expect(await redirected()).toBe(before);
			await conversation.carries(CARRY_LIMIT_MS);
			await conversation.end();
			await tunnel.stop();
			await neighbour.remove();
		});
	});

	it.each(ROLES)(
		"gives a neighbour of the %s's host no router, and no way around the port",
		async (role) => {
			await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
				const host = lab[role];
				const other = role === "client" ? lab.server : lab.client;
				const neighbour = await addNeighbour(lab, host);
				const inside = family === 4 ? neighbour.address4 : neighbour.address6;
				const outside = family === 4 ? other.address4 : other.address6;
				const conversation = await startConversation(placesIn(lab, family));
				const tunnel = await startTunnel(lab, {
					client: ours,
					server: ours,
					family,
				});
				await conversation.carries(CARRY_LIMIT_MS);
				await startTcpEcho(other.namespace, 7);
				await startTcpEcho(neighbour.namespace, 7);
				expect(await askOverTcp(neighbour.namespace, outside, 7)).toBe(
					"nothing",
				);
				expect(await askOverTcp(other.namespace, inside, 7)).toBe("nothing");
				expect(
					await countedBy(
						host.namespace,
						"forwarding is on for the tunnel only",
					),
				).toBeGreaterThan(0);
				await refusesStrangers(lab, role, family);
				// The same questions are answered by a host that is a router: silence was not the lab's fault.
				await host.namespace.sysctl({
					"net.ipv4.ip_forward": 1,
					"net.ipv6.conf.all.forwarding": 1,
				});
				expect(await askOverTcp(neighbour.namespace, outside, 7)).toBe(
					"echoed",
				);
				expect(await askOverTcp(other.namespace, inside, 7)).toBe("echoed");
				await conversation.carries(CARRY_LIMIT_MS);
				await conversation.end();
				await tunnel.stop();
				await neighbour.remove();
			});
		},
	);
});

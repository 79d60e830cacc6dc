// Segments that somebody forges between the hosts, outside of every window: neither host's own TCP answers them with a reset.

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import type { Family } from "../netlab/tunnel-options.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { countLogged } from "../tunnel/daemon-log.js";
import { measured } from "../tunnel/measured.js";
import { PORTS, placesIn, startTunnel } from "../tunnel/tunnel-in-lab.js";
import { type Conversation, startConversation } from "./conversation.js";

const INJECT = fileURLToPath(
	new URL("../../src/hosts/inject-segments.py", import.meta.url),
);
const CARRY_LIMIT_MS = 6_000;
const ROUNDS = 5;

/** Counts resets that cross the router; what it forges itself does not cross it. */
async function countResets(router: Namespace): Promise<() => Promise<number>> {
	await router.nft(
		"table inet resets {\n chain forward {\n type filter hook forward priority 0;\n tcp flags rst counter\n }\n}\n",
	);
	return async () =>
		packetsIn(await router.run(["nft", "list", "table", "inet", "resets"]));
}

function packetsIn(listing: string): number {
	return [...listing.matchAll(/packets (\d+)/g)].reduce(
		(sum, [, packets]) => sum + Number(packets),
		0,
	);
}

/** What the tunnel's own table has dropped at the host's door. */
async function droppedAtTheDoor(
	host: Namespace,
	table: string,
): Promise<number> {
	return packetsIn(
		await host.run(["nft", "list", "chain", "inet", table, "input"]),
	);
}

/** @returns how many segments were forged in each direction. */
async function inject(router: Namespace, family: Family): Promise<number> {
	const words = [family, PORTS.fakeTcp, ROUNDS].map(String);
	return Number(await router.run(["/usr/bin/python3", INJECT, ...words]));
}

interface Scene {
	readonly lab: Lab;
	readonly router: Namespace;
	readonly conversation: Conversation;
	readonly resets: () => Promise<number>;
	/** Flows that either daemon has opened so far. */
	readonly flows: () => number;
}

async function withScene(
	family: Family,
	body: (scene: Scene) => Promise<void>,
): Promise<void> {
	await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
		const { router } = lab;
		if (router === null) throw new Error("this lab has no router");
		const resets = await countResets(router);
		const tunnel = await startTunnel(lab, {
			client: ours,
			server: ours,
			family,
		});
		const conversation = await startConversation(placesIn(lab, family));
		await conversation.carries(CARRY_LIMIT_MS);
		const flows = () =>
			countLogged(tunnel.client.process, "flow-opened") +
			countLogged(tunnel.server.process, "flow-opened");
		await body({ lab, router, conversation, resets, flows });
		await conversation.end();
		await tunnel.stop();
	});
}

describe.each([4, 6] as const)("IPv%d", (family) => {
	it("resets nothing, in both directions; each host has dropped and counted them", async () => {
		await withScene(family, async (scene) => {
			const { lab, router, conversation, resets, flows } = scene;
			const doors = [
				[lab.client.namespace, `tunscope_client_${PORTS.client}`],
				[lab.server.namespace, `tunscope_server_${PORTS.fakeTcp}`],
			] as const;
			const before = { resets: await resets(), flows: flows() };
			expect(before.flows).toBe(2);
			const forged = await inject(router, family);
			await conversation.carries(CARRY_LIMIT_MS);
			for (const [host, table] of doors) {
				const dropped = await droppedAtTheDoor(host, table);
				measured(`forged segments dropped, ${table}`, String(dropped));
				expect(dropped).toBe(forged);
			}
			expect({ resets: await resets(), flows: flows() }).toEqual(before);
		});
	});

	it("would reset the flow without the rule (so that the test above can fail)", async () => {
		await withScene(family, async ({ lab, router, resets }) => {
			await lab.client.namespace.nft(
				`flush chain inet tunscope_client_${PORTS.client} input`,
			);
			await inject(router, family);
			expect(await resets()).toBeGreaterThan(0);
		});
	});
});

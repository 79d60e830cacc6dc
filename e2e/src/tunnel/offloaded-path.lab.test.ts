// A router whose connection tracker stops seeing the segments for a while, as with flow offload, and sees them again.

import { expect, it } from "vitest";
import { startConversation } from "../hosts/conversation.js";
import { withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { measured } from "./measured.js";
import { PORTS, startTunnel } from "./tunnel-in-lab.js";

const CARRY_LIMIT_MS = 6_000;
const TURNS = 3;
/** This kernel has no flow tables (CONFIG_NF_FLOW_TABLE); what they do to a tracker is to keep segments from it. */
const UNTRACKED = `table inet offloaded {
	chain prerouting {
		type filter hook prerouting priority -300; policy accept;
		tcp dport ${PORTS.fakeTcp} notrack
		tcp sport ${PORTS.fakeTcp} notrack
	}
}
`;

async function untrackedFor(
	router: Namespace,
	carry: () => Promise<unknown>,
): Promise<void> {
	await router.nft(UNTRACKED);
	await carry();
	await router.nft("delete table inet offloaded\n");
}

it.each([4, 6] as const)(
	"packet case 67: a flow goes on when the path's tracker has not seen all of it (IPv%d)",
	async (family) => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const { router } = lab;
			if (router === null) throw new Error("no router");
			const pairing = { client: ours, server: ours, family } as const;
			const tunnel = await startTunnel(lab, pairing);
			const conversation = await startConversation(tunnel.places);
			await conversation.carries(CARRY_LIMIT_MS);
			for (let turn = 1; turn <= TURNS; turn += 1) {
				await untrackedFor(router, () => conversation.carries(CARRY_LIMIT_MS));
				const resumedMs = await conversation.carries(CARRY_LIMIT_MS);
				measured(`offloaded path ${turn}`, `${resumedMs.toFixed(0)} ms`);
			}
			const invalid = await lab.invalidCounts();
			await conversation.end();
			await tunnel.stop();
			expect(invalid.total).toBe(0);
		});
	},
);

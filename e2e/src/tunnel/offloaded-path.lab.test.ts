// A router whose connection tracker stops seeing the segments for a while, as with flow offload, and sees them again.

import { expect, it } from "vitest";
import { startConversation } from "../hosts/conversation.js";
import { withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { measured } from "./measured.js";
import { PORTS, startTunnel } from "./tunnel-in-lab.js";

const CARRY_LIMIT_MS = 6_000;
/** reliability.md row 14: death is noticed within 10 s, and traffic resumes 3 s later. */
const RENEWED_LIMIT_MS = 16_000;
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

it("packet case 67: a flow that the path's tracker takes for invalid is begun anew", async () => {
	await withLab({ shape: "with-router" }, async (lab) => {
		const { router } = lab;
		if (router === null) throw new Error("no router");
		const pairing = { client: ours, server: ours, family: 4 } as const;
		const tunnel = await startTunnel(lab, pairing);
		const conversation = await startConversation(tunnel.places);
		await conversation.carries(CARRY_LIMIT_MS);
		await untrackedFor(router, () => conversation.carries(CARRY_LIMIT_MS));
		const startedMs = performance.now();
		await conversation.carries(RENEWED_LIMIT_MS);
		const resumedMs = performance.now() - startedMs;
		const invalid = await lab.invalidCounts();
		await conversation.end();
		await tunnel.stop();
		measured(
			"offloaded path",
			`a row of echoes again after ${resumedMs.toFixed(0)} ms; INVALID ${invalid.total}`,
		);
		// Acknowledgements of data that the tracker has not seen: otherwise this lab would prove nothing.
		expect(invalid.total).toBeGreaterThan(0);
	});
}, 60_000);

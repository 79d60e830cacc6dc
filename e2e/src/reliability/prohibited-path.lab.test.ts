// A firewall on the path that answers "prohibited": said with its address, and forgotten when it lets the tunnel through.

import { describe, expect, it } from "vitest";
import { startConversation } from "../hosts/conversation.js";
import { withLab } from "../netlab/lab.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { PORTS, startTunnel } from "../tunnel/tunnel-in-lab.js";
import { anomalyLines } from "./anomaly-lines.js";

const TOLD_DEADLINE_MS = 6_000;
const CARRY_DEADLINE_MS = 8_000;
const REJECTING = `table inet rejecting {
	chain forward {
		type filter hook forward priority 10; policy accept;
		tcp dport ${PORTS.fakeTcp} reject with icmpx admin-prohibited
	}
}
`;
const PROHIBITED = {
	4: { type: 3, code: 13, reporter: "198.18.1.1" },
	6: { type: 1, code: 1, reporter: "2001:db8:1::1" },
} as const;

describe.each([4, 6] as const)("a firewall that rejects, IPv%i", (family) => {
	it("packet case 63: is named by its address, and the tunnel carries once it no longer does", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const { router } = lab;
			if (router === null) throw new Error("no router");
			await router.nft(REJECTING);
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
				clientArguments: ["--anomalies"],
			});
			const conversation = await startConversation(tunnel.places);
			const client = tunnel.client.process;
			const line = await waitUntil(
				() =>
					anomalyLines(client).find(({ code }) => code === "icmp-prohibited"),
				{ what: "a line about it", deadlineMs: TOLD_DEADLINE_MS },
			);
			expect(line.parameters).toEqual(PROHIBITED[family]);
			expect(line.text.happened).toContain(PROHIBITED[family].reporter);
			await router.nft("delete table inet rejecting\n");
			await conversation.carries(CARRY_DEADLINE_MS);
			await conversation.end();
			await tunnel.stop();
		});
	});
});

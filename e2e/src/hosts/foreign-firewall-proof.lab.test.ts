// A rule of somebody else's that counts what it drops: suspected at the start by its text, proven by its counter when nobody answers.

import { beforeAll, describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { ours, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { PORTS, placesIn, startTunnel } from "../tunnel/tunnel-in-lab.js";
import { startConversation } from "./conversation.js";
import { applyFix, printedFix } from "./printed-fix.js";

const CARRY_LIMIT_MS = 6_000;
/** Three repetitions of a SYN, and the look that follows. */
const PROOF_LIMIT_MS = 12_000;

const COUNTING_DROP = `table inet office {
	chain traffic {
		type filter hook forward priority filter + 5; policy accept;
		ip daddr 192.0.2.0/24 accept
		jump guests
	}
	chain guests {
		tcp dport ${PORTS.fakeTcp} counter drop
	}
}
`;

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

describe.each([4, 6] as const)(
	"a counting drop on the client's host, IPv%d",
	(family) => {
		it("packet case 62: it is named at once, proven when the handshake fails, and its printed fix works", async () => {
			await withLab({ shape: "with-router", referee: "off" }, async (lab) => {
				const { namespace } = lab.client;
				await namespace.nft(COUNTING_DROP);
				const before = await snapshotHost(namespace);
				const conversation = await startConversation(placesIn(lab, family));
				const tunnel = await startTunnel(lab, {
					client: ours,
					server: ours,
					family,
				});
				const running = tunnel.client.process;
				const rule = "by rule 1 of chain guests \\(handle \\d+\\)";
				await running.waitForOutput(
					new RegExp(
						`chain traffic of table inet office .*${rule}.*So say its rules`,
					),
					CARRY_LIMIT_MS,
				);
				await running.waitForOutput(
					new RegExp(
						`${rule}\\. Its counter proves it: [1-9]\\d* more packets`,
					),
					PROOF_LIMIT_MS,
				);
				expect(conversation.echoed()).toBe(0);
				const fix = await printedFix(running, {
					commands: 1,
					deadlineMs: CARRY_LIMIT_MS,
				});
				const [command = ""] = fix.commands;
				expect(new Set(fix.commands)).toEqual(
					new Set([
						"nft insert rule inet office traffic 'iifname \"tunc0\" counter accept'",
					]),
				);
				await applyFix(namespace, { ...fix, commands: [command] });
				await conversation.carries(CARRY_LIMIT_MS);
				await tunnel.stop();
				await conversation.end();
				const left = residueBetween(before, await snapshotHost(namespace));
				expect(left, "the operator's own rule, and nothing else").toEqual([
					expect.stringMatching(/^nft ruleset: left behind: .*iifname "tunc0"/),
				]);
			});
		});
	},
);

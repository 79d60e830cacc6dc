// `kill -9` of either side under load: traffic again soon after the restart, the peer's stale flow goes, nothing is there twice.

import { describe, expect, it } from "vitest";
import { startConversation } from "../hosts/conversation.js";
import { type Lab, withLab } from "../netlab/lab.js";
import type { LabProcess } from "../netlab/lab-process.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { ours } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { recordRow } from "../reliability/scoreboard-record.js";
import { countLogged } from "./daemon-log.js";
import {
	type Pairing,
	placesIn,
	startClientIn,
	startServerIn,
	startTunnel,
} from "./tunnel-in-lab.js";

/** reliability.md row 10. */
const FIRST_DATAGRAM_LIMIT_MS = 3_000;
const CARRY_LIMIT_MS = 6_000;
/**
 * A dead client's flow ends at once when anything is sent on it: the restarted host resets it. One that the server
 * has nothing to say on is gone when it has been idle for this long.
 */
const IDLE_TIMEOUT_SECONDS = 3;
const SIDES = ["client", "server"] as const;

/** What must be there exactly once: rules, routes and settings. A new TUN's own random address is another matter. */
async function rulesAndRoutes(lab: Lab, side: (typeof SIDES)[number]) {
	const snapshot = await snapshotHost(lab[side].namespace);
	const lines = (kind: string) =>
		(snapshot[kind] ?? []).filter((line) => !/fe80:|ff00::/.test(line));
	return {
		"nft ruleset": lines("nft ruleset"),
		"IPv4 routes": lines("IPv4 routes"),
		"IPv6 routes": lines("IPv6 routes"),
		"IPv4 rules": lines("IPv4 rules"),
		"IPv6 rules": lines("IPv6 rules"),
		sysctls: lines("sysctls"),
	};
}

function openFlows(end: LabProcess): number {
	return countLogged(end, "flow-opened") - countLogged(end, "flow-closed");
}

describe.each([4, 6] as const)("IPv%d", (family) => {
	it.each(SIDES)("the %s is killed and started again", async (side) => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const idle = ["--idle-timeout", String(IDLE_TIMEOUT_SECONDS)];
			const pairing: Pairing = {
				client: ours,
				server: ours,
				family,
				clientArguments: idle,
				serverArguments: idle,
			};
			const tunnel = await startTunnel(lab, pairing);
			const conversation = await startConversation(placesIn(lab, family));
			await conversation.carries(CARRY_LIMIT_MS);
			const before = await rulesAndRoutes(lab, side);
			const peer = tunnel[side === "client" ? "server" : "client"].process;

			await tunnel[side].process.stop("SIGKILL");
			const start = side === "client" ? startClientIn : startServerIn;
			const restarted = await start(lab, pairing);
			const firstMs = await conversation.carries(CARRY_LIMIT_MS);
			const doubled = residueBetween(before, await rulesAndRoutes(lab, side));
			const staleFlows = await waitUntil(() => openFlows(peer) === 1, {
				what: "the peer's stale flow goes",
				deadlineMs: (IDLE_TIMEOUT_SECONDS + 2) * 1_000,
			}).then(
				() => 0,
				() => openFlows(peer) - 1,
			);
			recordRow({
				row: 10,
				title: `${side} killed and started again, IPv${family}`,
				criterion:
					"first datagram ≤ 3 s after the restart; the peer's stale flow gone; rules and routes not doubled",
				column: "ours",
				measured: `first echo ${firstMs.toFixed(0)} ms after it ran; ${staleFlows} stale flows; ${doubled.length} doubled rules or routes`,
				isMet:
					firstMs < FIRST_DATAGRAM_LIMIT_MS &&
					doubled.length + staleFlows === 0,
				seed: null,
			});
			expect(firstMs).toBeLessThan(FIRST_DATAGRAM_LIMIT_MS);
			expect(doubled).toEqual([]);
			expect(staleFlows).toBe(0);
			await conversation.end();
			await restarted.stop();
			await tunnel.stop();
		});
	});
});

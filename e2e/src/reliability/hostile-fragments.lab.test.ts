// Row 21: honest and hostile fragments onto the server's TUN beside ten thousand that never become whole: what is honest arrives, nothing else does.

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { waitUntil } from "../netlab/wait-until.js";
import { measured } from "../tunnel/measured.js";
import { PORTS } from "../tunnel/tunnel-in-lab.js";
import { askDaemon } from "./ask-daemon.js";
import {
	describeShots,
	newSeed,
	overhear,
	runAttack,
	shoot,
} from "./attack/attacker.js";
import {
	type AttackedTunnel,
	closedFlows,
	residentMib,
	settledPackets,
	startGoodFlow,
	withAttackedTunnel,
} from "./attacked-tunnel.js";
import { isLongForm } from "./row-form.js";
import { recordRow } from "./scoreboard-record.js";
import { FILTERS, watchTun } from "./tun-watch.js";

const ROUNDS = isLongForm ? 50 : 6;
const STORM = {
	fragments: isLongForm ? 60_000 : 10_000,
	sources: 7,
	perSecond: 5_000,
};
const TRAFFIC_SECONDS = isLongForm ? 40 : 5;
const DATAGRAMS_PER_SECOND = 300;
/** Two glued segments are then too large to be taken for one. */
const DATAGRAM_BYTES = 1_000;
/** fragment-storm.py uses those below. */
const FIRST_IDENTIFICATION = { all: 0x8000, honest: 0xc000 } as const;
const LEAST_DELIVERED = 0.99;
const HIGH_WATERMARK_BYTES = 4 * 1024 * 1024;
const EXPIRY_LIMIT_MS = 10_000;
const MOST_MEMORY_GROWTH_MIB = 20;

const fragmentShots = z.object({
	honest: z.number(),
	either: z.number(),
	hostile: z.number(),
	incomplete: z.number(),
});

async function assault({ lab, tunnel }: AttackedTunnel, seed: number) {
	const { namespace } = lab.server;
	const { tunName } = tunnel.server;
	const flow = await overhear(namespace, tunName, PORTS.fakeTcp);
	const sets = async (which: keyof typeof FIRST_IDENTIFICATION) =>
		fragmentShots.parse(
			await runAttack(namespace, "hostile-fragments", [
				tunName,
				PORTS.fakeTcp,
				ROUNDS,
				...[FIRST_IDENTIFICATION[which], which],
			]),
		);
	const first = await sets("all");
	const [storm, second] = await Promise.all([
		shoot(namespace, "fragment-storm", [
			...[tunName, flow.client, flow.server],
			...[STORM.fragments, STORM.sources, STORM.perSecond, seed],
		]),
		sets("honest"),
	]);
	return {
		storm,
		honest: first.honest + second.honest,
		either: first.either + second.either,
		hostile: first.hostile + second.hostile,
		incomplete: first.incomplete + second.incomplete,
	};
}

describe.each([4, 6] as const)(
	"fragments onto the server's TUN, IPv%d",
	(family) => {
		it("delivers the honest, discards the hostile, resets nothing and keeps nothing", async () => {
			const faults = await withAttackedTunnel({ family }, async (scene) => {
				const { server } = scene.tunnel;
				const good = startGoodFlow(scene.tunnel, {
					sizes: { kind: "fixed", bytes: DATAGRAM_BYTES },
					up: {
						count: TRAFFIC_SECONDS * DATAGRAMS_PER_SECOND,
						rate: DATAGRAMS_PER_SECOND,
						unit: "datagrams",
					},
					maxSeconds: TRAFFIC_SECONDS + 5,
				});
				await good.flows();
				const before = residentMib(server);
				const resets = await watchTun(server, FILTERS.resets);
				const seed = newSeed();
				const shot = await assault(scene, seed);
				const { heldFragmentBytes } = await askDaemon(server);
				const { up } = await good.outcome;
				if (up === null) throw new Error("no verdict");
				const sent = await resets.finish();
				const isEmptied = await waitUntil(
					async () => (await askDaemon(server)).heldFragmentBytes === 0,
					{ what: "no fragment is kept", deadlineMs: EXPIRY_LIMIT_MS },
				).catch(() => false);
				await settledPackets(server);
				const growth = residentMib(server) - before;
				const { drops } = await askDaemon(server);
				const figures = `${up.duplicates} of ${shot.honest} honest copies, ${up.corrupted} of ${shot.hostile} hostile ones delivered; ${sent.length} resets; the good flow ${(up.deliveredShare * 100).toFixed(2)} %; ${(heldFragmentBytes / 1024).toFixed(0)} KiB kept after the storm, ${isEmptied ? "none" : "some"} in the end`;
				measured(
					`fragments, IPv${family}, seed ${seed}`,
					`${figures}; storm: ${describeShots(shot.storm)}; memory ${growth.toFixed(1)} MiB more; ${drops.map(({ reason, count }) => `${reason} ${count}`).join(", ")}`,
				);
				const leastHonest = Math.ceil(shot.honest * LEAST_DELIVERED);
				recordRow({
					row: 21,
					title: `hostile sets and ${STORM.fragments} never whole, IPv${family}`,
					criterion:
						"0 hostile delivered, honest copies and the good flow ≥ 99 %, no reset, ≤ 4 MiB kept and none in the end, memory ≤ +20 MiB",
					column: "ours",
					measured: `${figures}; memory ${growth.toFixed(1)} MiB more`,
					isMet:
						up.corrupted === 0 &&
						up.duplicates >= leastHonest &&
						sent.length === 0 &&
						up.deliveredShare >= LEAST_DELIVERED &&
						heldFragmentBytes <= HIGH_WATERMARK_BYTES &&
						isEmptied &&
						growth <= MOST_MEMORY_GROWTH_MIB,
					seed,
				});
				expect(up.corrupted).toBe(0);
				expect(sent).toEqual([]);
				expect(up.duplicates).toBeGreaterThanOrEqual(leastHonest);
				expect(up.duplicates).toBeLessThanOrEqual(shot.honest + shot.either);
				expect(up.deliveredShare).toBeGreaterThanOrEqual(LEAST_DELIVERED);
				expect(heldFragmentBytes).toBeLessThanOrEqual(HIGH_WATERMARK_BYTES);
				expect(isEmptied).toBe(true);
				expect(growth).toBeLessThanOrEqual(MOST_MEMORY_GROWTH_MIB);
				expect(closedFlows(scene.tunnel)).toBe(0);
			});
			expect(faults).toEqual([]);
		});
	},
);

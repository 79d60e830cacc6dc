// Row 20: malformed packets at 20,000 a second, onto either end's TUN and at the server's door: nothing breaks, everything is counted, the flow beside it goes on.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TrafficOutcome } from "../traffic/run-traffic.js";
import { measured } from "../tunnel/measured.js";
import { PORTS } from "../tunnel/tunnel-in-lab.js";
import { askDaemon } from "./ask-daemon.js";
import {
	describeShots,
	newSeed,
	overhear,
	runAttack,
	type Shots,
	shoot,
} from "./attack/attacker.js";
import {
	type AttackedTunnel,
	macOf,
	residentMib,
	settledPackets,
	startGoodFlow,
	withAttackedTunnel,
} from "./attacked-tunnel.js";
import { isLongForm } from "./row-form.js";
import { recordRow } from "./scoreboard-record.js";

const STORM_SECONDS = isLongForm ? 60 : 3;
const PACKETS_PER_SECOND = 20_000;
const PACKETS = STORM_SECONDS * PACKETS_PER_SECOND;
/** Of the rate: on two busy cores the shooter is late now and then, but a storm it must be. */
const LEAST_RATE_SHARE = 0.75;
const DATAGRAMS_PER_SECOND = 1_000;
/** One percentage point. */
const LEAST_DELIVERED = 0.99;
/** Kinds of trouble that the storm must have reached, or it was not one. */
const LEAST_REASONS = 8;
const MOST_MEMORY_GROWTH_MIB = 20;
const LINK_MTU_BYTES = 1_500;
/** For scapy to make the packets, and for the flow to be there before and after. */
const SECONDS_AROUND = 3;

const STRANGER = { 4: "198.18.1.77", 6: "2001:db8:1::77" } as const;

type Aim = "the server's TUN" | "the client's TUN" | "the server's host";

/** A veth does not take what is larger than itself; a TUN takes super-segments. */
function largestPacket(aim: Aim): readonly number[] {
	return aim === "the server's host" ? [LINK_MTU_BYTES] : [];
}

/** Where half of the packets claim to come from and go to; on a TUN it is the live flow. */
async function tupleOf(scene: AttackedTunnel, aim: Aim) {
	const { lab, tunnel, family } = scene;
	const side = aim === "the client's TUN" ? "client" : "server";
	const { namespace } = lab[side];
	const flow = await overhear(namespace, tunnel[side].tunName, PORTS.fakeTcp);
	if (side === "client")
		return [flow.client, flow.clientPort, flow.server, flow.serverPort];
	if (aim === "the server's TUN")
		return [flow.server, flow.serverPort, flow.client, flow.clientPort];
	// Not the live flow's tuple: what conntrack makes of forgeries that have it is row 22's business.
	const host = family === 4 ? lab.server.address4 : lab.server.address6;
	return [host, flow.serverPort, STRANGER[family], flow.clientPort];
}

async function storm(
	scene: AttackedTunnel,
	aim: Aim,
	seed: number,
): Promise<Shots> {
	const { lab, router, tunnel } = scene;
	const folder = mkdtempSync(join(tmpdir(), "tunscope-storm-"));
	const capture = join(folder, "malformed.pcap");
	try {
		const [target = "", port = 0, ...flow] = await tupleOf(scene, aim);
		await runAttack(lab.server.namespace, "malformed-packets", [
			...[capture, target, port, seed, ...flow, ...largestPacket(aim)],
		]);
		const pace = [PACKETS_PER_SECOND, PACKETS];
		if (aim === "the server's host") {
			const mac = await macOf(lab.server);
			return await shoot(router, "replay", [
				...["to-server", capture, ...pace, mac],
			]);
		}
		const side = aim === "the client's TUN" ? "client" : "server";
		const words = [tunnel[side].tunName, capture, ...pace];
		return await shoot(lab[side].namespace, "replay", words);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const CASES = [
	{ aim: "the server's TUN", family: 4 },
	{ aim: "the client's TUN", family: 6 },
	{ aim: "the server's host", family: 4 },
] as const;

describe.each(CASES)("malformed storm on $aim, IPv$family", (where) => {
	it("hurts nobody, and every packet is in exactly one counter", async () => {
		const faults = await withAttackedTunnel(where, async (scene) => {
			const shotAt =
				where.aim === "the client's TUN"
					? scene.tunnel.client
					: scene.tunnel.server;
			const seconds = STORM_SECONDS + SECONDS_AROUND;
			const good = startGoodFlow(scene.tunnel, {
				sizes: { kind: "cycle", bytes: [1_200, 64, 500] },
				up: {
					count: seconds * DATAGRAMS_PER_SECOND,
					rate: DATAGRAMS_PER_SECOND,
					unit: "datagrams",
				},
				maxSeconds: seconds + SECONDS_AROUND,
			});
			await good.flows();
			const before = residentMib(shotAt);
			const seed = newSeed();
			const shots = await storm(scene, where.aim, seed);
			const outcome = await good.outcome;
			const packets = await settledPackets(shotAt);
			const growth = residentMib(shotAt) - before;
			const { drops } = await askDaemon(shotAt);
			const echo = judge(outcome);
			measured(
				`${where.aim}, IPv${where.family}, seed ${seed}`,
				`${describeShots(shots)}; memory ${growth.toFixed(1)} MiB more; ${drops.map(({ reason, count }) => `${reason} ${count}`).join(", ")}`,
			);
			const isMet =
				echo.share >= LEAST_DELIVERED &&
				echo.wrong === 0 &&
				growth <= MOST_MEMORY_GROWTH_MIB;
			recordRow({
				row: 20,
				title: `onto ${where.aim}, IPv${where.family}`,
				criterion:
					"0 crashes, every packet in exactly one counter, a good flow loses ≤ 1 pp, memory ≤ +20 MiB",
				column: "ours",
				measured: `${describeShots(shots)}; ${packets.read} read, ${packets.dropped} of them dropped; the good flow's echoes ${(echo.share * 100).toFixed(2)} %; memory ${growth.toFixed(1)} MiB more`,
				isMet,
				seed,
			});
			expect(shots.perSecond).toBeGreaterThan(
				PACKETS_PER_SECOND * LEAST_RATE_SHARE,
			);
			expect(echo.share).toBeGreaterThanOrEqual(LEAST_DELIVERED);
			expect(echo.wrong).toBe(0);
			expect(growth).toBeLessThanOrEqual(MOST_MEMORY_GROWTH_MIB);
			if (where.aim === "the server's host") return;
			expect(packets.read).toBeGreaterThan(shots.sent * LEAST_RATE_SHARE);
			expect(drops.length).toBeGreaterThanOrEqual(LEAST_REASONS);
		});
		expect(faults).toEqual([]);
	});
});

/** Share of the good flow's datagrams that came back, and how many came back or arrived as something else. */
function judge({ up, echo }: TrafficOutcome) {
	const wrong = (up?.corrupted ?? 0) + (echo?.corrupted ?? 0);
	return { share: echo?.deliveredShare ?? 0, wrong };
}

// Honest fragments (scoreboard row 21): a path that cuts, conntrack that cuts again, and datagrams that no segment carries.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { Family } from "../netlab/tunnel-options.js";
import { runTraffic, type StreamPlan } from "../traffic/run-traffic.js";
import { datagramsPerRound, type SizePlan } from "../traffic/size-plan.js";
import { describeVerdict, type Verdict } from "../traffic/traffic-report.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
} from "../tunnel/available-kinds.js";
import { finalCounters, packetsNotAccountedFor } from "../tunnel/daemon-log.js";
import { measured } from "../tunnel/measured.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import { measureRow, type RowOutcome } from "./measure-row.js";
import { isLongForm } from "./row-form.js";

let kinds: AvailableKinds;
beforeAll(async () => {
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

const families = [4, 6] as const;
const IPV4_HEADER_BYTES = 20;
const TCP_HEADER_BYTES = 20;
/** What a segment of a 1,500 link holds (wire.md 4.1). */
const LIMIT_BYTES = { 4: 1_460, 6: 1_440 } as const;
/** IPv4's total length and UDP's own limit. */
const LARGEST_BYTES = { 4: 65_495, 6: 65_507 } as const;
const ROUNDS = isLongForm ? 100 : 8;
const DATAGRAMS_PER_SECOND = 400;
/** 22 KB on average, or 33 in the long form's sweep. */
const LARGE_PER_SECOND = 150;
const SWEEP_SECONDS = 600;
const OURS = { column: "ours", seed: null } as const;
const FRAGMENT = ["--oversize", "fragment"];

function cycle(bytes: readonly number[]): SizePlan {
	return { kind: "cycle", bytes };
}

function plan(sizes: SizePlan, rate: number): StreamPlan {
	const rounds = sizes.kind === "sweep" ? 1 : ROUNDS;
	return { count: datagramsPerRound(sizes) * rounds, rate, unit: "datagrams" };
}

/** Both streams of a run, each exactly as sent. @returns what was measured. */
async function carryBothWays(
	tunnel: TunnelInLab,
	sizes: SizePlan,
	rate = DATAGRAMS_PER_SECOND,
): Promise<string> {
	const stream = plan(sizes, rate);
	const { up, down } = await runTraffic({
		...tunnel.places,
		sizes,
		up: stream,
		down: stream,
		maxSeconds: SWEEP_SECONDS,
	});
	if (up === null || down === null) throw new Error("no verdict");
	measured("up", describeVerdict(up));
	measured("down", describeVerdict(down));
	expectPerfect(up, stream.count);
	expectPerfect(down, stream.count);
	return `up ${up.received} of ${up.sent}, down ${down.received} of ${down.sent}, 0 twice, 0 corrupted`;
}

function expectPerfect(verdict: Verdict, count: number): void {
	expect(verdict.flows[0]?.gaps ?? ["nothing"]).toEqual([]);
	expect(verdict).toMatchObject({
		sent: count,
		received: count,
		duplicates: 0,
		reordered: 0,
		corrupted: 0,
	});
}

/** Every packet has one fate, no fragment was discarded, and nobody was reset while it ran. */
async function expectSoundEnd(tunnel: TunnelInLab): Promise<void> {
	await tunnel.stop();
	for (const end of [tunnel.client, tunnel.server]) {
		const counters = finalCounters(end.process);
		expect(packetsNotAccountedFor(counters)).toBe(0);
		const discarded = Object.entries(counters.drops).filter(
			([name, count]) => name.startsWith("fragment-") && count > 0,
		);
		expect(discarded).toEqual([]);
		expect(counters.engine.flowsOpened).toBe(1);
		// The client's at its own end.
		expect(counters.engine.resetsSent).toBeLessThanOrEqual(1);
	}
}

/** A router with smaller paths behind it that clears DF, as some access networks do, and so has to cut. */
async function makeRouterCut(lab: Lab, pathMtuBytes: number): Promise<void> {
	const { router } = lab;
	if (router === null) throw new Error("a lab without a router");
	// On its routes, not its links: a veth would refuse what comes in larger than that, too.
	await router.ip(
		[
			["to-client", 1],
			["to-server", 2],
		].map(
			([name, net]) =>
				`route replace 198.18.${net}.0/24 dev ${name} scope link mtu lock ${pathMtuBytes}`,
		),
	);
	await router.nft(`table ip clear_df {
		chain prerouting {
			type filter hook prerouting priority -150; policy accept;
			ip frag-off & 0x4000 != 0 ip frag-off set 0
		}
	}`);
}

/** Sizes whose tails are as short as the path allows, 8, 20 and more octets; the last one fits. */
function sizesWithTails(pathMtuBytes: number): number[] {
	const step = Math.floor((pathMtuBytes - IPV4_HEADER_BYTES) / 8) * 8;
	const shortest = pathMtuBytes + 1 - IPV4_HEADER_BYTES - step;
	const tails = [shortest, 8, 20, 28];
	return [
		...tails.map((tail) => step + tail - TCP_HEADER_BYTES),
		...[1_440, 1_460, 700],
	];
}

async function carryOverCuttingPath(pathMtuBytes: number): Promise<RowOutcome> {
	const lab = { shape: "with-router", linkProfile: "bare" } as const;
	return await withLab(lab, async (lab) => {
		await makeRouterCut(lab, pathMtuBytes);
		// Nothing tells the hosts, because DF is gone.
		const tunnel = await startBoth(lab, 4, ["--link-mtu", "1500"]);
		const sizes = sizesWithTails(pathMtuBytes);
		const carried = await carryBothWays(tunnel, cycle(sizes));
		expect((await lab.invalidCounts()).total).toBe(0);
		await expectSoundEnd(tunnel);
		for (const end of [tunnel.client, tunnel.server]) {
			const { engine } = finalCounters(end.process);
			// All but one size come in two pieces, of which the last counts as the datagram.
			expect(engine.packetsReassembled).toBe((sizes.length - 1) * ROUNDS);
		}
		return { measured: carried, isMet: true };
	});
}

describe.each([1_400, 1_300])("a path that cuts at %i", (pathMtuBytes) => {
	it("is put together whole, with tails of few octets, of 8, of 20 and more, both ways", async () => {
		await measureRow(
			{
				...OURS,
				row: 21,
				title: `Honest: a router cuts IPv4 at ${pathMtuBytes}, conntrack again onto the TUN`,
				criterion: "100 % delivered both ways, 0 corrupt, 0 INVALID, 0 RST",
			},
			() => carryOverCuttingPath(pathMtuBytes),
		);
	});
});

async function carryOversize(family: Family): Promise<RowOutcome> {
	const limit = LIMIT_BYTES[family];
	const largest = LARGEST_BYTES[family];
	const around = [limit, limit + 1, limit + 8, limit + 9, 1_480, 1_500, 2_900];
	const large = [4_096, 9_000, 16_384, 32_768, 50_000, 65_000];
	const sizes: SizePlan = isLongForm
		? { kind: "sweep", from: 1, to: largest, repeat: 1 }
		: cycle([...around, ...large, largest - 1, largest]);
	const lab = { shape: "with-router", linkProfile: "bare" } as const;
	return await withLab(lab, async (lab) => {
		const tunnel = await startBoth(lab, family, FRAGMENT);
		const carried = await carryBothWays(tunnel, sizes, LARGE_PER_SECOND);
		expect((await lab.invalidCounts()).total).toBe(0);
		await expectSoundEnd(tunnel);
		for (const end of [tunnel.client, tunnel.server]) {
			const { engine, drops } = finalCounters(end.process);
			const { fragmentsSent = 0, packetsReassembled = 0 } = engine;
			measured(
				end.tunName,
				`${fragmentsSent} fragments sent, ${packetsReassembled} reassembled`,
			);
			expect(fragmentsSent).toBeGreaterThan(200 * ROUNDS);
			expect(packetsReassembled).toBeGreaterThan(200 * ROUNDS);
			expect(drops["oversize-datagram"]).toBe(0);
		}
		return { measured: carried, isMet: true };
	});
}

describe.each(families)("--oversize fragment, IPv%i", (family) => {
	it(
		"carries every size up to the largest through NAT and strict conntrack, both ways",
		async () => {
			await measureRow(
				{
					...OURS,
					row: 1,
					title: `--oversize fragment between two of ours, IPv${family}, ${isLongForm ? "every size" : "sizes"} to ${LARGEST_BYTES[family]}`,
					criterion:
						"100 % delivered both ways, 0 corrupt, 0 twice, 0 reordered",
				},
				() => carryOversize(family),
			);
		},
		(SWEEP_SECONDS + 60) * 1_000,
	);
});

async function startBoth(
	lab: Lab,
	family: Family,
	flags: readonly string[],
): Promise<TunnelInLab> {
	const both = kinds.get("ours");
	return await startTunnel(lab, {
		client: both,
		server: both,
		family,
		clientArguments: flags,
		serverArguments: flags,
	});
}

describe.each(["double", "stock"] as const)(
	"--oversize fragment towards %s",
	(name) => {
		it("refuses and counts what does not fit, and sends no fragment", async (context) => {
			const reason = kinds.whyNot(name);
			if (reason !== null) return context.skip(reason);
			await withLab({ shape: "with-router" }, async (lab) => {
				const tunnel = await startTunnel(lab, {
					client: kinds.get("ours"),
					server: kinds.get(name),
					family: 4,
					clientArguments: FRAGMENT,
				});
				const seen = startInNamespace(lab.client.namespace, {
					argv: [
						...["tcpdump", "-i", "eth0", "-n", "-c", "1", "-Z", "root"],
						"ip[6:2] & 0x3fff != 0",
					],
					deadlineMs: 30_000,
				});
				await seen.waitForOutput(/listening on/, 10_000);
				const fitting = [1, 700, 1_460];
				const tooLarge = [1_461, 9_000, 65_495];
				const bytes = [...fitting, ...tooLarge];
				const outcome = await runTraffic({
					...tunnel.places,
					sizes: cycle(bytes),
					up: plan(cycle(bytes), DATAGRAMS_PER_SECOND),
				});
				await seen.stop("SIGINT");
				await tunnel.stop();
				expect(outcome.up?.received).toBe(fitting.length * ROUNDS);
				expect(outcome.up?.corrupted).toBe(0);
				const { engine, drops } = finalCounters(tunnel.client.process);
				expect(drops["oversize-datagram"]).toBe(tooLarge.length * ROUNDS);
				expect(engine.fragmentsSent).toBe(0);
				expect(seen.stderr()).toContain("0 packets captured");
			});
		});
	},
);

// Honest fragments (scoreboard row 21): a path that cuts, conntrack that cuts again, and datagrams that no segment carries.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { Family } from "../netlab/tunnel-options.js";
import { runTraffic, type StreamPlan } from "../traffic/run-traffic.js";
import { describeVerdict, type Verdict } from "../traffic/traffic-report.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
} from "../tunnel/available-kinds.js";
import { finalCounters, packetsNotAccountedFor } from "../tunnel/daemon-log.js";
import { measured } from "../tunnel/measured.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";

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
const ROUNDS = 20;
const DATAGRAMS_PER_SECOND = 400;
const FRAGMENT = ["--oversize", "fragment"];

function plan(sizes: readonly number[], rate: number): StreamPlan {
	return { count: sizes.length * ROUNDS, rate, unit: "datagrams" };
}

/** Both streams of a run, each exactly as sent. */
async function carryBothWays(
	tunnel: TunnelInLab,
	bytes: readonly number[],
	rate = DATAGRAMS_PER_SECOND,
): Promise<void> {
	const stream = plan(bytes, rate);
	const { up, down } = await runTraffic({
		...tunnel.places,
		sizes: { kind: "cycle", bytes },
		up: stream,
		down: stream,
	});
	for (const [name, verdict] of Object.entries({ up, down })) {
		if (verdict === null) throw new Error("no verdict");
		measured(name, describeVerdict(verdict));
		expectPerfect(verdict, stream.count);
	}
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

describe.each([1_400, 1_300])(
	"a path that cuts at %i, IPv4",
	(pathMtuBytes) => {
		it("is put together whole, with tails of few octets, of 8, of 20 and more, both ways", async () => {
			await withLab(
				{ shape: "with-router", linkProfile: "bare" },
				async (lab) => {
					await makeRouterCut(lab, pathMtuBytes);
					const both = kinds.get("ours");
					const tunnel = await startTunnel(lab, {
						client: both,
						server: both,
						family: 4,
						// Nothing tells the hosts, because DF is gone.
						clientArguments: ["--link-mtu", "1500"],
						serverArguments: ["--link-mtu", "1500"],
					});
					const step = Math.floor((pathMtuBytes - IPV4_HEADER_BYTES) / 8) * 8;
					const withTail = (tail: number) => step + tail - TCP_HEADER_BYTES;
					// The shortest tail is what one octet more than the path takes leaves over.
					const shortest = pathMtuBytes + 1 - IPV4_HEADER_BYTES - step;
					const sizes = [shortest, 8, 20, 28].map(withTail);
					await carryBothWays(tunnel, [...sizes, 1_440, 1_460, 700]);
					expect((await lab.invalidCounts()).total).toBe(0);
					await expectSoundEnd(tunnel);
					for (const end of [tunnel.client, tunnel.server]) {
						const { packetsReassembled = 0 } = finalCounters(
							end.process,
						).engine;
						measured(end.tunName, `${packetsReassembled} reassembled`);
						// Six of seven sizes come in two pieces, of which the last counts as the datagram.
						expect(packetsReassembled).toBe(6 * ROUNDS);
					}
				},
			);
		});
	},
);

describe.each(families)("--oversize fragment, IPv%i", (family) => {
	const limit = LIMIT_BYTES[family];
	const largest = LARGEST_BYTES[family];
	const sizes = [
		...[limit, limit + 1, limit + 8, limit + 9, 1_480, 1_500, 2_900],
		...[4_096, 9_000, 16_384, 32_768, 50_000, 65_000, largest - 1, largest],
	];

	it("carries every size up to the largest through NAT and strict conntrack, both ways", async () => {
		await withLab(
			{ shape: "with-router", linkProfile: "bare" },
			async (lab) => {
				const tunnel = await startBoth(family, lab);
				await carryBothWays(tunnel, sizes, 100);
				expect((await lab.invalidCounts()).total).toBe(0);
				await expectSoundEnd(tunnel);
				for (const end of [tunnel.client, tunnel.server]) {
					const { engine, drops } = finalCounters(end.process);
					measured(
						end.tunName,
						`${engine.fragmentsSent} fragments sent, ${engine.packetsReassembled} reassembled`,
					);
					expect(engine.fragmentsSent).toBeGreaterThan(200 * ROUNDS);
					expect(engine.packetsReassembled).toBeGreaterThan(200 * ROUNDS);
					expect(drops["oversize-datagram"]).toBe(0);
				}
			},
		);
	});
});

async function startBoth(family: Family, lab: Lab): Promise<TunnelInLab> {
	const both = kinds.get("ours");
	return await startTunnel(lab, {
		client: both,
		server: both,
		family,
		clientArguments: FRAGMENT,
		serverArguments: FRAGMENT,
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
					sizes: { kind: "cycle", bytes },
					up: plan(bytes, DATAGRAMS_PER_SECOND),
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

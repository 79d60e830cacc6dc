// One-way traffic through strict conntrack: the stall that stock has (wire.md 4.9) must not happen when one end is ours.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { describeVerdict, type Verdict } from "../traffic/traffic-report.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
	type KindName,
} from "./available-kinds.js";
import {
	accountFor,
	describeHops,
	readKernelCounts,
	unexplainedLosses,
} from "./loss-account.js";
import { measured } from "./measured.js";
import { startTunnel, type TunnelInLab } from "./tunnel-in-lab.js";

let kinds: AvailableKinds;
beforeAll(async () => {
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

/** The figures; shorter for the double where the genuine program takes part. */
const DATAGRAMS = 40_000;
const DATAGRAMS_BESIDE_STOCK = 10_000;
const SIZE_BYTES = 1_400;
const BITS_PER_SECOND = 100e6;
const LEAST_SHARE = 0.999;

type Direction = "client to server" | "server to client";

const PAIRINGS: readonly (readonly [client: KindName, server: KindName])[] = [
	["ours", "ours"],
	["ours", "stock"],
	["stock", "ours"],
];
const CASES = [
	...PAIRINGS.flatMap(([client, server]) =>
		([4, 6] as const).map((family) => ({ client, server, family })),
	),
	{ client: "ours", server: "double", family: 4 } as const,
	{ client: "double", server: "ours", family: 4 } as const,
].flatMap((one) =>
	(["client to server", "server to client"] as const).map((direction) => ({
		...one,
		direction,
	})),
);

async function sendOneWay(
	tunnel: TunnelInLab,
	direction: Direction,
	count: number,
): Promise<Verdict> {
	const plan = { count, rate: BITS_PER_SECOND, unit: "bits" } as const;
	const outcome = await runTraffic({
		...tunnel.places,
		io: "native",
		sizes: { kind: "fixed", bytes: SIZE_BYTES },
		...(direction === "client to server" ? { up: plan } : { down: plan }),
	});
	const verdict = outcome.up ?? outcome.down;
	if (verdict === null) throw new Error("no verdict");
	return verdict;
}

async function invalidSoFar(lab: Lab): Promise<number> {
	return (await lab.invalidCounts()).total;
}

describe.each(CASES)(
	"client $client, server $server, IPv$family, $direction",
	({ client, server, family, direction }) => {
		it("delivers 99.9 % of a long run of 1,400 B at 100 Mbit/s, nothing INVALID", async (context) => {
			const isUp = direction === "client to server";
			const sendingKind = isUp ? client : server;
			const reason = kinds.whyNot(client) ?? kinds.whyNot(server);
			if (reason !== null) return context.skip(reason);
			await withLab({ shape: "with-router" }, async (lab) => {
				const tunnel = await startTunnel(lab, {
					client: kinds.get(client),
					server: kinds.get(server),
					family,
				});
				const isDoubled = [client, server].includes("double");
				const count =
					isDoubled && kinds.whyNot("stock") === null
						? DATAGRAMS_BESIDE_STOCK
						: DATAGRAMS;
				const verdict = await sendOneWay(tunnel, direction, count);
				const run = {
					lab,
					tunnel,
					sender: isUp ? "client" : "server",
					kinds: { client, server },
					family,
					payloadBytes: SIZE_BYTES,
				} as const;
				const kernel = await readKernelCounts(run);
				const { unread, invalid } = kernel;
				await tunnel.stop();
				const hops = accountFor(run, kernel, verdict);
				measured(
					"one way",
					`${describeVerdict(verdict)}; ${describeHops(hops)}`,
				);
				expect(unexplainedLosses(hops)).toEqual([]);
				expect(verdict.sent).toBe(count);
				expect(verdict.corrupted).toBe(0);
				expect(verdict.overflowDrops).toBe(0);
				// Ours must read everything. Stock has the default 208 KiB buffer, which holds 93 of these datagrams, and
				// what it did not read never entered a tunnel: `unexplainedLosses` has held both counts together to the
				// datagram. Of ten cold tunnels with 1,500 datagrams one lost 49, from number 93 on, all in that buffer:
				// stock reads nothing while it shakes hands, and 93 datagrams are 10 ms at 100 Mbit/s.
				if (sendingKind === "ours") expect(unread).toBe(0);
				const entered = verdict.sent - unread;
				expect(verdict.received / entered).toBeGreaterThanOrEqual(LEAST_SHARE);
				// Stock sends on before our first acknowledgement can have opened conntrack's window (wire.md 4.9): a few
				// datagrams of its first milliseconds may be INVALID, and count as lost above. We hold back instead.
				const allowed = sendingKind === "ours" ? 0 : (1 - LEAST_SHARE) * count;
				expect(invalid).toBeLessThanOrEqual(allowed);
			});
		});
	},
);

describe("the lab's own proof", () => {
	it("shows the stall between two stock ends", async (context) => {
		const reason = kinds.whyNot("stock");
		if (reason !== null) return context.skip(reason);
		await withLab({ shape: "with-router" }, async (lab) => {
			const stock = kinds.get("stock");
			const pairing = { client: stock, server: stock, family: 4 } as const;
			const tunnel = await startTunnel(lab, pairing);
			const verdict = await sendOneWay(tunnel, "client to server", 2_000);
			const invalid = await invalidSoFar(lab);
			await tunnel.stop();
			measured("stall", `${describeVerdict(verdict)}; INVALID ${invalid}`);
			// If this ever arrives, the strict lab is not strict and the rows above prove nothing.
			expect(verdict.received).toBeLessThan(200);
			expect(invalid).toBeGreaterThan(1_000);
		});
	});
});

// Ours and stock in every pairing, both families, strict conntrack: everything arrives, there and back, unchanged.

import { beforeAll, describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { udpReceiveBufferDrops } from "../netlab/process-probe.js";
import type { Family, TunnelEnd } from "../netlab/tunnel-options.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { describeVerdict, type Verdict } from "../traffic/traffic-report.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
	type KindName,
} from "./available-kinds.js";
import { measured } from "./measured.js";
import { startTunnel } from "./tunnel-in-lab.js";

let kinds: AvailableKinds;
beforeAll(async () => {
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

const PAIRINGS: readonly (readonly [client: KindName, server: KindName])[] = [
	["ours", "ours"],
	["ours", "stock"],
	["stock", "ours"],
	["stock", "stock"],
	["ours", "double"],
	["double", "ours"],
];
interface Case {
	readonly client: KindName;
	readonly server: KindName;
	readonly family: Family;
	/** Which end runs with --wire-profile stock-exact. */
	readonly exact: "" | "client" | "server";
}

const EXACT = ["--wire-profile", "stock-exact"];
const CASES: readonly Case[] = [
	...PAIRINGS.flatMap(([client, server]) =>
		([4, 6] as const).map(
			(family) => ({ client, server, family, exact: "" }) as const,
		),
	),
	{ client: "ours", server: "stock", family: 4, exact: "client" },
	{ client: "stock", server: "ours", family: 6, exact: "server" },
];
/**
 * What WireGuard sends, and the corners of the test datagram's forms. Nothing under 8 bytes: stock reorders, and
 * out of order such a datagram may be taken for another one. The sweep has every size, between two of ours.
 */
const MIXED_SIZES = [8, 32, 92, 148, 23, 24, 1200, 1400, 1440, 576] as const;
const DATAGRAMS = 2_000;

function unreadByStock(end: TunnelEnd, kind: KindName): number {
	return kind === "stock" ? udpReceiveBufferDrops(end.process.pid) : 0;
}

/** @param unread what stock's own default UDP buffers dropped on busy cores: it never entered a tunnel. */
function expectComplete(verdict: Verdict, unread: number): void {
	expect(verdict).toMatchObject({
		sent: DATAGRAMS,
		duplicates: 0,
		corrupted: 0,
		unattributed: 0,
	});
	expect(verdict.received).toBeGreaterThanOrEqual(DATAGRAMS - unread);
}

describe.each(CASES)(
	"client $client, server $server, IPv$family, stock-exact: '$exact'",
	(pairing) => {
		it("carries an echoed conversation of mixed sizes", async (context) => {
			for (const name of [pairing.client, pairing.server]) {
				const reason = kinds.whyNot(name);
				if (reason !== null) return context.skip(reason);
			}
			await withLab({ shape: "with-router" }, async (lab) => {
				const tunnel = await startTunnel(lab, {
					client: kinds.get(pairing.client),
					server: kinds.get(pairing.server),
					family: pairing.family,
					clientArguments: pairing.exact === "client" ? EXACT : [],
					serverArguments: pairing.exact === "server" ? EXACT : [],
				});
				const outcome = await runTraffic({
					...tunnel.places,
					sizes: { kind: "cycle", bytes: [24, ...MIXED_SIZES] },
					up: { count: DATAGRAMS, rate: 2_500, unit: "datagrams" },
					echo: true,
				});
				const invalid = await lab.invalidCounts();
				const unreadUp = unreadByStock(tunnel.client, pairing.client);
				const unreadDown = unreadByStock(tunnel.server, pairing.server);
				await tunnel.stop();
				if (outcome.up === null || outcome.echo === null)
					throw new Error("no verdict");
				measured("there", describeVerdict(outcome.up));
				measured("and back", describeVerdict(outcome.echo));
				measured("never read by stock", `${unreadUp}, ${unreadDown}`);
				expectComplete(outcome.up, unreadUp);
				expectComplete(outcome.echo, unreadUp + unreadDown);
				// Stock reads its TUN with several tasks and may reorder (wire.md 4.3); the double and we must not.
				if (![pairing.client, pairing.server].includes("stock"))
					expect(outcome.up.reordered + outcome.echo.reordered).toBe(0);
				expect(invalid.total).toBe(0);
			});
		});
	},
);

// The link does to plain UDP exactly what was asked, while traffic runs, with NAT around it, and leaves no trace.

import { describe, expect, it } from "vitest";
import { STREAM } from "../../traffic/datagram-form.js";
import {
	describeVerdict,
	runTraffic,
	type Verdict,
} from "../../traffic/index.js";
import { measured } from "../../tunnel/measured.js";
import { type Lab, withLab } from "../lab.js";
import type { Family } from "../tunnel-options.js";
import { type ImpairedLink, startImpairedLink } from "./impaired-link.js";
import type { Impairments } from "./impairments.js";
import { type DirectionLedger, packetsUnaccounted } from "./link-ledger.js";
import { PacketFates } from "./packet-fates.js";

const SEED = 42;
const DATAGRAMS = 2_000;
const DATAGRAMS_PER_SECOND = 4_000;
const SIZE_BYTES = 600;
const SIZES = { kind: "fixed", bytes: SIZE_BYTES } as const;
/** Timers are good to 1 ms on either end of the wait; the rest is what two cores add to it. */
const LATENESS_MS = 10;
/** Slow enough to measure time and not the processors. */
const TIMED = { count: 300, rate: 1_000 } as const;

interface Pace {
	readonly count: number;
	/** Datagrams per second. */
	readonly rate: number;
	readonly family?: Family;
}

interface Crossing {
	readonly verdict: Verdict;
	readonly ledger: DirectionLedger;
}

const addressesOf = (lab: Lab, family: Family) =>
	family === 4 ? lab.server.address4 : lab.server.address6;

/** Plain UDP from client to server, without any tunnel. */
async function sendPlain(
	lab: Lab,
	link: ImpairedLink,
	{ count, rate, family = 4 }: Pace,
): Promise<Crossing> {
	const place = { family, address: addressesOf(lab, family), port: 9_000 };
	const outcome = await runTraffic({
		opener: { host: lab.client, ...place },
		answerer: { host: lab.server, ...place },
		sizes: SIZES,
		up: { count, rate, unit: "datagrams" },
	});
	if (outcome.up === null) throw new Error("no verdict");
	await link.drain(2_000);
	const { up } = await link.ledger();
	expect(packetsUnaccounted(up)).toBe(0);
	expect(up.refused).toBe(0);
	return { verdict: outcome.up, ledger: up };
}

async function echoPlain(lab: Lab, count: number): Promise<Verdict> {
	const place = {
		family: 4,
		address: lab.server.address4,
		port: 9_000,
	} as const;
	const outcome = await runTraffic({
		opener: { host: lab.client, ...place },
		answerer: { host: lab.server, ...place },
		sizes: SIZES,
		up: { count, rate: 1_000, unit: "datagrams" },
		echo: true,
	});
	if (outcome.echo === null) throw new Error("no verdict");
	return outcome.echo;
}

async function crossWith(
	up: Impairments,
	family: Family = 4,
): Promise<Crossing> {
	return withLab({ shape: "with-router" }, async (lab) => {
		const link = await startImpairedLink(lab, {
			seed: SEED,
			up,
			watchUp: { stream: STREAM.up, sizes: SIZES },
		});
		const crossing = await sendPlain(lab, link, {
			count: DATAGRAMS,
			rate: DATAGRAMS_PER_SECOND,
			family,
		});
		measured(
			`IPv${family} ${JSON.stringify(up)}`,
			describeVerdict(crossing.verdict),
		);
		return crossing;
	});
}

/** What the seed says about the first packets of this direction. */
function expectedFates(up: Impairments, count: number, ipHeaderBytes: number) {
	const fates = new PacketFates(SEED, "up");
	const totalBytes = ipHeaderBytes + 8 + SIZE_BYTES;
	return Array.from({ length: count }, () =>
		fates.next({ totalBytes, ipHeaderBytes }, up, 0),
	);
}

describe.each([4, 6] as const)("plain UDP over IPv%d", (family) => {
	const ipHeaderBytes = family === 4 ? 20 : 40;

	it("crosses an unimpaired link whole and in order", async () => {
		const { verdict, ledger } = await crossWith({}, family);
		expect(verdict).toMatchObject({
			received: DATAGRAMS,
			lost: 0,
			duplicates: 0,
			reordered: 0,
			corrupted: 0,
		});
		expect(ledger).toMatchObject({ entered: DATAGRAMS, left: DATAGRAMS });
	});

	it("loses exactly the datagrams that the seed names", async () => {
		const impairments = { lossShare: 0.1 };
		const { verdict, ledger } = await crossWith(impairments, family);
		const fates = expectedFates(impairments, DATAGRAMS, ipHeaderBytes);
		const lost = fates.filter(({ kind }) => kind === "lost").length;
		const gaps = fates.flatMap(({ kind }, place) =>
			kind === "lost" ? [place] : [],
		);
		expect(ledger.lost).toBe(lost);
		expect(verdict.lost).toBe(lost);
		expect(verdict.flows[0]?.gaps).toEqual(
			gaps.slice(0, verdict.flows[0]?.gaps.length),
		);
	});

	it("damages exactly as many as the seed says, and the kernel refuses each", async () => {
		const impairments = { corruptShare: 0.05 };
		const { verdict, ledger } = await crossWith(impairments, family);
		const corrupted = expectedFates(
			impairments,
			DATAGRAMS,
			ipHeaderBytes,
		).filter(({ flippedBit }) => flippedBit !== null).length;
		expect(ledger.corrupted).toBe(corrupted);
		// Real checksums: not one damaged datagram reaches a socket, and nothing else is missing.
		expect(verdict).toMatchObject({ corrupted: 0, lost: corrupted });
	});
});

describe("time and order", () => {
	it("delays by what was asked beyond what the way takes anyway", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const link = await startImpairedLink(lab, { seed: SEED });
			for (const delayMs of [5, 40]) {
				await link.set({ up: {} });
				const bare = await sendPlain(lab, link, TIMED);
				await link.set({ up: { delayMs } });
				const delayed = await sendPlain(lab, link, TIMED);
				const [bareMs, delayedMs] = [bare, delayed].map(
					({ verdict }) => verdict.p50Us / 1_000,
				);
				measured(
					`delay of ${delayMs} ms`,
					`median ${delayedMs} ms; ${bareMs} ms without`,
				);
				expect(delayed.verdict).toMatchObject({ lost: 0, reordered: 0 });
				expect(delayedMs).toBeGreaterThanOrEqual(delayMs);
				expect(delayedMs).toBeLessThan(delayMs + (bareMs ?? 0) + LATENESS_MS);
			}
		});
	});

	it("reorders and duplicates as asked, and the receiver sees just what left the link", async () => {
		const { verdict, ledger } = await crossWith({
			delayMs: 2,
			duplicateShare: 0.05,
			reorder: { share: 0.25, byMs: 5 },
		});
		expect(verdict.received).toBe(DATAGRAMS);
		expect(ledger.watched).toEqual({
			received: DATAGRAMS,
			duplicates: verdict.duplicates,
			reordered: verdict.reordered,
		});
		expect(verdict.duplicates).toBe(ledger.duplicated);
		// 4 of the 20 datagrams in 5 ms are late too, so not every late one is behind somebody; nearly all are.
		expect(verdict.reordered).toBeGreaterThan(0.2 * DATAGRAMS);
		expect(verdict.reordered).toBeLessThanOrEqual(ledger.late);
	});

	it("jitters without reordering when order is to be kept, and with it otherwise", async () => {
		const jitter = { delayMs: 20, jitterMs: 10 };
		const kept = await crossWith({ ...jitter, keepsOrder: true });
		expect(kept.verdict.reordered).toBe(0);
		expect(kept.verdict.lost).toBe(0);
		const free = await crossWith(jitter);
		expect(free.verdict.reordered).toBeGreaterThan(0.2 * DATAGRAMS);
		expect(free.verdict.lost).toBe(0);
	});
});

describe("size", () => {
	/** Too big by one octet, with DF: UDP sockets of Linux set it. */
	const MTU_BYTES = 20 + 8 + SIZE_BYTES - 1;

	it("as a black hole: everything above the limit vanishes, nobody is told", async () => {
		const { verdict, ledger } = await crossWith({
			blackHoleAboveBytes: MTU_BYTES,
		});
		expect(verdict.received).toBe(0);
		expect(ledger.tooBig).toBe(DATAGRAMS);
	});

	it("as a router: the sender is told by ICMP, cuts, and gets through", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const link = await startImpairedLink(lab, { seed: SEED });
			await link.setMtu("up", MTU_BYTES);
			const { verdict } = await sendPlain(lab, link, {
				count: 200,
				rate: 1_000,
			});
			measured(`router with MTU ${MTU_BYTES}`, describeVerdict(verdict));
			expect(verdict.lost).toBeGreaterThan(0);
			expect(verdict.lost).toBeLessThan(20);
			const route = ["ip", "route", "get", lab.server.address4];
			expect(await lab.client.namespace.run(route)).toContain(
				`mtu ${MTU_BYTES}`,
			);
		});
	});
});

describe("at run time", () => {
	it("changes impairments while traffic runs, in each direction by itself", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const link = await startImpairedLink(lab, { seed: SEED });
			const first = await sendPlain(lab, link, TIMED);
			expect(first.verdict.lost).toBe(0);
			await link.set({ up: { lossShare: 1 }, down: { delayMs: 30 } });
			const second = await sendPlain(lab, link, TIMED);
			expect(second.verdict.received).toBe(0);
			await link.set({ up: {} });
			const third = await sendPlain(lab, link, TIMED);
			expect(third.verdict.lost).toBe(0);
			expect(third.ledger).toMatchObject({ entered: 900, lost: 300 });
			// Only the way back is slow.
			const echo = await echoPlain(lab, 200);
			expect(echo.received).toBe(200);
			expect(echo.p50Us / 1_000).toBeGreaterThanOrEqual(30);
		});
	});

	it("goes dark for a window", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const link = await startImpairedLink(lab, { seed: SEED });
			await link.set({ up: { blackouts: [{ fromMs: 0, untilMs: 60_000 }] } });
			const dark = await sendPlain(lab, link, { count: 100, rate: 1_000 });
			expect(dark.verdict.received).toBe(0);
			expect(dark.ledger.blackedOut).toBe(100);
		});
	});
});

describe("around the link", () => {
	it("the router translates on the server's side, both ways, when it tracks", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			await lab.router?.nft(`table ip translate {
	chain postrouting {
		type nat hook postrouting priority srcnat;
		oifname "to-server" masquerade
	}
}`);
			const link = await startImpairedLink(lab, {
				seed: SEED,
				routerTracking: "zones",
			});
			expect((await echoPlain(lab, 500)).received).toBe(500);
			const { up, down } = await link.ledger();
			expect([up.entered, down.entered]).toEqual([500, 500]);
			expect((await lab.invalidCounts()).total).toBe(0);
			const counted = await lab.router?.run(["conntrack", "-L", "-p", "udp"]);
			expect(counted).toContain("dst=198.18.2.1");
		});
	});

	it("the router forwards directly again once the link has stopped", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const link = await startImpairedLink(lab, {
				seed: SEED,
				up: { lossShare: 1 },
			});
			await link.stop();
			await link.stop();
			expect((await echoPlain(lab, 100)).received).toBe(100);
			const rules = await lab.router?.run(["ip", "rule", "show"]);
			expect(rules).not.toContain("lookup 10");
			const links = await lab.router?.run(["ip", "-o", "link", "show"]);
			expect(links).not.toContain("link-c");
		});
	});
});

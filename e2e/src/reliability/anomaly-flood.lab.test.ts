// A flood of bad packets costs its own tunnel at most a tenth of its goodput, compared with the same flood dropped by nft before the TUN.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "../tunnel/available-kinds.js";
import { finalCounters } from "../tunnel/daemon-log.js";
import { measured } from "../tunnel/measured.js";
import {
	PORTS,
	startTunnel,
	type TunnelInLab,
} from "../tunnel/tunnel-in-lab.js";
import { anomalyLines } from "./anomaly-lines.js";
import { isLongForm } from "./row-form.js";

const SEND = fileURLToPath(
	new URL("../../src/reliability/send-odd-packets.py", import.meta.url),
);
const PYTHON = "/usr/bin/python3";
const FLOOD_SOURCE = "198.18.77.1";
const FLOOD_PER_SECOND = 20_000;
/** Long: a million packets in each half of a pair. */
const FLOOD_SECONDS = isLongForm ? 50 : 2.5;
const PAIRS = 3;
/** On a machine that has other work too, three short pairs may mislead: then two more are measured, and all count. */
const MORE_PAIRS = 5;
const LEAST_SHARE = 0.9;
const DATAGRAM_BYTES = 1_400;
/** More than two cores carry; what is too much is lost at the client's socket, which all halves have alike. */
const OFFERED_BITS_PER_SECOND = 4e9;

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

/** Drops the flood as late as nft can, so that only the TUN and what is behind it are spared; or does not. */
async function guardTun(lab: Lab, isDropped: boolean): Promise<void> {
	const { namespace } = lab.server;
	await namespace.run(["nft", "add table ip flood; delete table ip flood"]);
	if (!isDropped) return;
	await namespace.run([
		"nft",
		`table ip flood { chain out { type filter hook forward priority 300; ip saddr ${FLOOD_SOURCE} drop; }; }`,
	]);
}

/** Payload bits per second that arrive while the flood goes on. */
async function goodputUnderFlood(
	lab: Lab,
	tunnel: TunnelInLab,
): Promise<number> {
	const flood = startInNamespace(lab.client.namespace, {
		argv: [
			...[PYTHON, SEND, "flood", lab.server.address4],
			...[String(PORTS.fakeTcp)],
			...[String(FLOOD_PER_SECOND), String(FLOOD_SECONDS + 0.7)],
		],
		deadlineMs: (FLOOD_SECONDS + 30) * 1_000,
	});
	const datagrams = Math.ceil(
		(OFFERED_BITS_PER_SECOND * FLOOD_SECONDS) / (DATAGRAM_BYTES * 8),
	);
	const { up } = await runTraffic({
		...tunnel.places,
		sizes: { kind: "fixed", bytes: DATAGRAM_BYTES },
		up: {
			count: datagrams,
			rate: OFFERED_BITS_PER_SECOND,
			unit: "bits",
			train: 40,
		},
		io: "native",
		maxSeconds: FLOOD_SECONDS,
		lingerMs: 100,
	});
	const outcome = await flood.ended;
	expect(outcome.code, flood.stderr()).toBe(0);
	const sent = Number(/sent (\d+)/.exec(flood.stdout())?.[1]);
	expect(sent).toBeGreaterThan(FLOOD_PER_SECOND * FLOOD_SECONDS * 0.8);
	return up?.goodputBitsPerSecond ?? 0;
}

/** @returns goodput under the flood, as a share of that with the flood dropped before the TUN; null when a machine busy with other things carried nothing even then */
async function measurePair(
	lab: Lab,
	tunnel: TunnelInLab,
	isGuardedFirst: boolean,
): Promise<number | null> {
	const halves = { open: 0, guarded: 0 };
	for (const isGuarded of [isGuardedFirst, !isGuardedFirst]) {
		await guardTun(lab, isGuarded);
		const goodput = await goodputUnderFlood(lab, tunnel);
		halves[isGuarded ? "guarded" : "open"] = goodput;
	}
	const { open, guarded } = halves;
	const share = open / guarded;
	measured(
		"goodput",
		`${(open / 1e6).toFixed(0)} Mbit/s under the flood, ${(guarded / 1e6).toFixed(0)} with it dropped before the TUN: ${share.toFixed(3)}`,
	);
	return guarded === 0 ? null : share;
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

describe("a flood of 20,000 bad packets a second on a tunnel's TUN", () => {
	it("leaves nine tenths of the goodput, and its anomalies are few and add up", {
		timeout: (FLOOD_SECONDS + 5) * MORE_PAIRS * 2_000 + 60_000,
	}, async (context) => {
		if (!existsSync(PYTHON))
			return context.skip(
				`${PYTHON} is not there, and Node has no raw sockets`,
			);
		await withLab({ referee: "off" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
				serverArguments: ["--anomalies"],
			});
			const shares: number[] = [];
			for (let pair = 0; pair < MORE_PAIRS; pair++) {
				const share = await measurePair(lab, tunnel, pair % 2 === 0);
				if (share !== null) shares.push(share);
				if (shares.length >= PAIRS && median(shares) >= LEAST_SHARE) break;
			}
			await tunnel.stop();
			const lines = anomalyLines(tunnel.server.process);
			const { drops } = finalCounters(tunnel.server.process);
			for (const code of ["unacceptable-syn", "unknown-flow"] as const) {
				const ofCode = lines.filter((line) => line.code === code);
				const told = ofCode.reduce(
					(sum, { count, notKept }) => sum + count + notKept,
					0,
				);
				expect(told, code).toBe(drops[code]);
				expect(told, code).toBeGreaterThan(FLOOD_PER_SECOND * FLOOD_SECONDS);
				// One at once, then after 1, 5 and every 10 seconds.
				expect(ofCode.length).toBeLessThan(10 + FLOOD_SECONDS * MORE_PAIRS);
			}
			expect(median(shares)).toBeGreaterThanOrEqual(LEAST_SHARE);
		});
	});
});

// A long bulk run: every datagram arrives, and the daemon's memory at the end is what it was after warming up.

import { beforeAll, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { cpuTimeMs, residentBytes } from "../netlab/process-probe.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { isLongForm } from "../reliability/row-form.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { describeVerdict } from "../traffic/traffic-report.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import { measured } from "./measured.js";
import { startTunnel, type TunnelInLab } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

/** LONG=1: the 10⁷; otherwise a tenth. */
const DATAGRAMS = isLongForm ? 10_000_000 : 1_000_000;
const WARM_UP_DATAGRAMS = DATAGRAMS / 10;
const DATAGRAMS_PER_SECOND = 40_000;
const TRAIN = 20;
/** reliability.md row 5, short form. */
const GROWTH_LIMIT_BYTES = 8 * 1024 * 1024;
const MIB = 1024 * 1024;

async function carry(tunnel: TunnelInLab, count: number) {
	const outcome = await runTraffic({
		...tunnel.places,
		io: "native",
		sizes: { kind: "fixed", bytes: 300 },
		up: {
			count,
			rate: DATAGRAMS_PER_SECOND,
			unit: "datagrams",
			train: TRAIN,
		},
		maxSeconds: (2 * count) / DATAGRAMS_PER_SECOND + 30,
	});
	if (outcome.up === null) throw new Error("no verdict");
	return outcome.up;
}

const TIMEOUT_MS = (4 * DATAGRAMS * 1_000) / DATAGRAMS_PER_SECOND + 60_000;

it(
	`carries ${DATAGRAMS} datagrams with flat memory${isLongForm ? "" : " (LONG=1 for 10⁷)"}`,
	async () => {
		await withLab({ shape: "two-hosts" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
			});
			const pids = [tunnel.client.process.pid, tunnel.server.process.pid];
			await carry(tunnel, WARM_UP_DATAGRAMS);
			const warm = pids.map(residentBytes);
			const warmCpuMs = pids.map(cpuTimeMs);
			const verdict = await carry(tunnel, DATAGRAMS);
			const end = pids.map(residentBytes);
			const growth = end.map((bytes, place) => bytes - (warm[place] ?? 0));
			const cpu = pids.map(
				(pid, place) => cpuTimeMs(pid) - (warmCpuMs[place] ?? 0),
			);
			measured("bulk", describeVerdict(verdict));
			measured(
				"memory",
				["client", "server"]
					.map(
						(name, place) =>
							`${name} ${((end[place] ?? 0) / MIB).toFixed(1)} MiB (${((growth[place] ?? 0) / MIB).toFixed(1)} more), CPU ${cpu[place]} ms`,
					)
					.join("; "),
			);
			await tunnel.stop();
			expect(verdict).toMatchObject({
				sent: DATAGRAMS,
				received: DATAGRAMS,
				corrupted: 0,
				duplicates: 0,
				reordered: 0,
			});
			for (const bytes of growth)
				expect(bytes).toBeLessThan(GROWTH_LIMIT_BYTES);
		});
	},
	TIMEOUT_MS,
);

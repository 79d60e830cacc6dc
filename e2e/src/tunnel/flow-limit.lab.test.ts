// One conversation more than --max-flows: answered once an idle one has been quiet for long enough, not minutes later.

import { beforeAll, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { openDescriptors } from "../netlab/process-probe.js";
import {
	type HostSnapshot,
	residueBetween,
	snapshotHost,
} from "../netlab/residue.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import {
	countLogged,
	datagramsNotAccountedFor,
	finalCounters,
	packetsNotAccountedFor,
} from "./daemon-log.js";
import { measured } from "./measured.js";
import { startTunnel, type TunnelInLab } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

const MAX_FLOWS = 8;
const LIMIT = ["--max-flows", String(MAX_FLOWS)];
/** How long a flow must have been quiet before a newcomer gets its slot (fake-tcp's QUIET_MS). */
const QUIET_MS = 10_000;
/** A newcomer tries again and again; a try that nobody answers ends after this. */
const TRY_SECONDS = 2;
/** Of two tries the first may come too early, and a loaded machine is slow. */
const SLACK_MS = 8_000;

function snapshots(lab: Lab): Promise<readonly HostSnapshot[]> {
	const hosts = [lab.client, lab.server];
	return Promise.all(hosts.map((host) => snapshotHost(host.namespace)));
}

/** So many new applications say one thing each. @returns how many were answered. */
async function answeredOf(
	tunnel: TunnelInLab,
	applications: number,
	maxSeconds: number,
): Promise<number> {
	const outcome = await runTraffic({
		...tunnel.places,
		flows: applications,
		sizes: { kind: "fixed", bytes: 200 },
		up: { count: 1, rate: 200, unit: "datagrams" },
		echo: true,
		maxSeconds,
		patienceMs: 1_000,
	});
	return outcome.echo?.received ?? 0;
}

it.each(["client", "server"] as const)(
	"a full %s answers the ninth conversation after the quiet time and leaves nothing behind",
	async (full) => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const before = await snapshots(lab);
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
				...(full === "client"
					? { clientArguments: LIMIT }
					: { serverArguments: LIMIT }),
			});
			const server = tunnel.server.process.pid;
			const descriptorsBefore = openDescriptors(server);
			const startedMs = performance.now();
			expect(await answeredOf(tunnel, MAX_FLOWS, 20)).toBe(MAX_FLOWS);
			const quietMs = performance.now();
			let tries = 0;
			await waitUntil(
				async () => {
					tries += 1;
					return (await answeredOf(tunnel, 1, TRY_SECONDS)) === 1;
				},
				{
					what: "the ninth conversation answered",
					deadlineMs: QUIET_MS + SLACK_MS,
				},
			);
			const answeredMs = performance.now();
			measured(
				`ninth of eight flows, full ${full}`,
				`answered ${((answeredMs - quietMs) / 1_000).toFixed(1)} s after the eighth, try ${tries}`,
			);
			// Flows that are alive were not touched: no try before the quiet time was answered.
			expect(answeredMs - startedMs).toBeGreaterThan(QUIET_MS);
			expect(tries).toBeGreaterThan(1);
			const reasons = { reason: "evicted" };
			const evictions = countLogged(
				tunnel[full].process,
				"flow-closed",
				reasons,
			);
			expect(evictions).toBeGreaterThan(0);
			await waitUntil(
				() => openDescriptors(server) <= descriptorsBefore + MAX_FLOWS,
				{ what: "sockets of evicted flows closed", deadlineMs: 3_000 },
			);
			await tunnel.stop();
			const counters = finalCounters(tunnel[full].process);
			const refusal = full === "client" ? "no-flow-slot" : "flow-limit";
			expect(counters.drops[refusal]).toBeGreaterThan(0);
			if (full === "client") {
				expect(counters.drops[refusal]).toBe(tries - 1);
				expect(evictions).toBe(1);
			}
			for (const end of [tunnel.client, tunnel.server]) {
				const counted = finalCounters(end.process);
				expect(packetsNotAccountedFor(counted)).toBe(0);
				expect(datagramsNotAccountedFor(counted)).toBe(0);
			}
			const after = await snapshots(lab);
			const residue = before.flatMap((host, index) =>
				residueBetween(host, after[index] ?? {}),
			);
			expect(residue).toEqual([]);
		});
	},
);

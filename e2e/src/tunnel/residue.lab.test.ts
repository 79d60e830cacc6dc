// A stopped tunnel leaves its host as it was: after SIGTERM, after SIGINT, and after kill -9, a restart and SIGTERM.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import type { LabProcess } from "../netlab/lab-process.js";
import {
	type HostSnapshot,
	residueBetween,
	snapshotHost,
} from "../netlab/residue.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { recordRow } from "../reliability/scoreboard-record.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import {
	type Pairing,
	startTunnel,
	type TunnelInLab,
} from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

/** The limit for SIGTERM. */
const STOP_LIMIT_MS = 2_000;

const ROW = {
	row: 11,
	criterion: "exit code 0 within 2 s; the host's snapshots are equal",
	column: "ours",
	seed: null,
} as const;

async function snapshots(lab: Lab): Promise<readonly HostSnapshot[]> {
	const hosts = [lab.client, lab.server];
	return Promise.all(hosts.map((host) => snapshotHost(host.namespace)));
}

async function residueSince(
	lab: Lab,
	before: readonly HostSnapshot[],
): Promise<string[]> {
	const after = await snapshots(lab);
	return before.flatMap((host, index) =>
		residueBetween(host, after[index] ?? {}).map(
			(line) => `${index === 0 ? "client" : "server"} host: ${line}`,
		),
	);
}

async function stopTimed(
	running: LabProcess,
	signal: NodeJS.Signals,
): Promise<number> {
	const startedMs = performance.now();
	const outcome = await running.stop(signal);
	expect(outcome, running.stderr()).toMatchObject({ code: 0, signal: null });
	return performance.now() - startedMs;
}

async function carrySomething(tunnel: TunnelInLab): Promise<void> {
	const outcome = await runTraffic({
		...tunnel.places,
		sizes: { kind: "fixed", bytes: 600 },
		up: { count: 200, rate: 2_000, unit: "datagrams" },
		echo: true,
		maxSeconds: 20,
	});
	expect(outcome.echo?.received).toBe(200);
}

describe.each([4, 6] as const)("IPv%d", (family) => {
	const pairing = (): Pairing => ({ client: ours, server: ours, family });

	it.each(["SIGTERM", "SIGINT"] as const)(
		"exits with 0 within 2 s of %s and leaves nothing, flows open",
		async (signal) => {
			await withLab({ shape: "with-router" }, async (lab) => {
				const before = await snapshots(lab);
				const tunnel = await startTunnel(lab, pairing());
				await carrySomething(tunnel);
				const clientMs = await stopTimed(tunnel.client.process, signal);
				const serverMs = await stopTimed(tunnel.server.process, signal);
				const residue = await residueSince(lab, before);
				const slowestMs = Math.max(clientMs, serverMs);
				recordRow({
					...ROW,
					title: `${signal} with flows open, IPv${family}`,
					measured: `exit code 0: client ${clientMs.toFixed(0)} ms, server ${serverMs.toFixed(0)} ms; ${residue.length} things left behind`,
					isMet: slowestMs < STOP_LIMIT_MS && residue.length === 0,
				});
				expect(slowestMs).toBeLessThan(STOP_LIMIT_MS);
				expect(residue).toEqual([]);
			});
		},
	);

	it("packet case 68: leaves nothing after kill -9 of both, a restart and SIGTERM", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const before = await snapshots(lab);
			const first = await startTunnel(lab, pairing());
			await carrySomething(first);
			const during = await snapshots(lab);
			await first.client.process.stop("SIGKILL");
			await first.server.process.stop("SIGKILL");
			const second = await startTunnel(lab, pairing());
			await carrySomething(second);
			// Nothing may be there twice, or left over from the first run beside the second one's. What a new TUN
			// brings by itself (its random link-local address, routes by the kernel, the process) is another matter.
			const doubled = (await residueSince(lab, during)).filter(
				(line) =>
					/left behind|another order/.test(line) &&
					!/ (processes|sockets|links|addresses|files)|proto kernel/.test(line),
			);
			await stopTimed(second.client.process, "SIGTERM");
			await stopTimed(second.server.process, "SIGTERM");
			const residue = await residueSince(lab, before);
			recordRow({
				...ROW,
				title: `kill -9 of both, a restart, then SIGTERM, IPv${family}`,
				measured: `${doubled.length} things there twice, ${residue.length} left behind`,
				isMet: doubled.length + residue.length === 0,
			});
			expect(doubled).toEqual([]);
			expect(residue).toEqual([]);
		});
	});
});

describe("one host", () => {
	it("keeps the rules of the other instance when one of two servers stops", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const before = await snapshots(lab);
			const pairing: Pairing = { client: ours, server: ours, family: 4 };
			const tunnel = await startTunnel(lab, pairing);
			const second = await ours.startServer({
				host: lab.server,
				port: 4568,
				targetAddress: "127.0.0.1",
				targetPort: 9000,
				tunName: "tuns1",
				extraArguments: [
					...["--tun-local", "192.168.211.1", "--tun-peer", "192.168.211.2"],
					...["--tun-local6", "fcd1::1", "--tun-peer6", "fcd1::2"],
				],
			});
			await carrySomething(tunnel);
			await stopTimed(second.process, "SIGTERM");
			await carrySomething(tunnel);
			await tunnel.stop();
			expect(await residueSince(lab, before)).toEqual([]);
		});
	});
});

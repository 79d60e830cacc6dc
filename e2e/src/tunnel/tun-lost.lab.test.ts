// The TUN is taken down, or deleted, under a running tunnel: noticed within a second, no spin, and it carries again.

import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
import { cpuTimeMs, deviceNames } from "../netlab/process-probe.js";
import type { TunnelEnd, TunnelKind } from "../netlab/tunnel-options.js";
import { pauseMs, waitUntil } from "../netlab/wait-until.js";
import { recordRow } from "../reliability/scoreboard-record.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import { countLogged } from "./daemon-log.js";
import { startTunnel, type TunnelInLab } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

const NOTICE_LIMIT_MS = 1_000;
/** reliability.md row 12: CPU < 5 % while down, measured over this time. */
const WATCH_MS = 1_500;
const CPU_SHARE_LIMIT = 0.05;
const RECOVERY_LIMIT_MS = 5_000;
/** The row's limit, for the scoreboard; a whole conversation must be done by then. */
const CARRIED_LIMIT_MS = 2_000;

const ROW = { row: 12, column: "ours", seed: null } as const;

interface Side {
	readonly name: "client" | "server";
	readonly pick: (tunnel: TunnelInLab) => TunnelEnd;
}
const SIDES: readonly Side[] = [
	{ name: "client", pick: (tunnel) => tunnel.client },
	{ name: "server", pick: (tunnel) => tunnel.server },
];

async function withTunnel(
	body: (lab: Lab, tunnel: TunnelInLab) => Promise<void>,
	clientArguments: readonly string[] = [],
): Promise<void> {
	await withLab({ shape: "two-hosts" }, async (lab) => {
		const tunnel = await startTunnel(lab, {
			client: ours,
			server: ours,
			family: 4,
			clientArguments,
		});
		await carryAgain(tunnel);
		await body(lab, tunnel);
		await tunnel.stop();
	});
}

/** Sends until an echoed conversation comes through whole; the first tries may be lost to the gap. */
async function carryAgain(tunnel: TunnelInLab): Promise<number> {
	const startedMs = performance.now();
	await waitUntil(
		async () => {
			const outcome = await runTraffic({
				...tunnel.places,
				sizes: { kind: "fixed", bytes: 500 },
				up: { count: 20, rate: 1_000, unit: "datagrams" },
				echo: true,
				maxSeconds: 1,
			});
			return outcome.echo?.received === 20;
		},
		{ what: "traffic again", deadlineMs: RECOVERY_LIMIT_MS },
	);
	return performance.now() - startedMs;
}

async function noticed(end: TunnelEnd, event: string): Promise<number> {
	const startedMs = performance.now();
	await waitUntil(() => countLogged(end.process, event) > 0, {
		what: `log line ${event}`,
		deadlineMs: NOTICE_LIMIT_MS,
		intervalMs: 5,
	});
	return performance.now() - startedMs;
}

async function cpuShare(end: TunnelEnd): Promise<number> {
	const before = cpuTimeMs(end.process.pid);
	const startedMs = performance.now();
	await pauseMs(WATCH_MS);
	const usedMs = cpuTimeMs(end.process.pid) - before;
	return usedMs / (performance.now() - startedMs);
}

describe.each(SIDES)("TUN of the $name", ({ name, pick }) => {
	it("is waited for while down, without a spin, and carries again when up", async () => {
		await withTunnel(async (lab, tunnel) => {
			const end = pick(tunnel);
			const { namespace } = lab[name];
			await namespace.ip([`link set ${end.tunName} down`]);
			const noticedMs = await noticed(end, "tun-lost");
			const share = await cpuShare(end);
			await namespace.ip([`link set ${end.tunName} up`]);
			const recoveredMs = await carryAgain(tunnel);
			recordRow({
				...ROW,
				title: `TUN of the ${name} down, then up`,
				criterion:
					"noticed ≤ 1 s; CPU < 5 % while down; traffic ≤ 2 s after up (deadline of the test 5 s)",
				measured: `noticed ${noticedMs.toFixed(0)} ms, CPU while down ${(share * 100).toFixed(1)} %, an echoed conversation done ${recoveredMs.toFixed(0)} ms after up`,
				isMet: share < CPU_SHARE_LIMIT && recoveredMs <= CARRIED_LIMIT_MS,
			});
			expect(share).toBeLessThan(CPU_SHARE_LIMIT);
		});
	});

	it("packet case 51: it is made again when deleted, with addresses and rules, and without a spin", async () => {
		await withTunnel(async (lab, tunnel) => {
			const end = pick(tunnel);
			await lab[name].namespace.ip([`link delete ${end.tunName}`]);
			const noticedMs = await noticed(end, "tun-lost");
			const noticedAtMs = performance.now();
			await waitUntil(
				() => deviceNames(end.process.pid).includes(end.tunName),
				{ what: "TUN made again", deadlineMs: 2_000 },
			);
			const recreatedMs = performance.now() - noticedAtMs;
			const recoveredMs = await carryAgain(tunnel);
			const share = await cpuShare(end);
			recordRow({
				...ROW,
				title: `TUN of the ${name} deleted`,
				criterion: "noticed ≤ 1 s; made again ≤ 2 s; CPU < 5 %",
				measured: `noticed ${noticedMs.toFixed(0)} ms, made again ${recreatedMs.toFixed(0)} ms later, an echoed conversation done ${recoveredMs.toFixed(0)} ms after that, CPU ${(share * 100).toFixed(1)} %`,
				isMet: share < CPU_SHARE_LIMIT,
			});
			expect(share).toBeLessThan(CPU_SHARE_LIMIT);
		});
	});
});

it("exits with 75 within 2 s when the TUN is deleted and --on-tun-lost is exit", async () => {
	await withTunnel(
		async (lab, tunnel) => {
			const { process: running, tunName } = tunnel.client;
			const deletedAtMs = performance.now();
			await lab.client.namespace.ip([`link delete ${tunName}`]);
			const outcome = await waitUntil(() => running.outcome(), {
				what: "exit",
				deadlineMs: 2_000,
			});
			recordRow({
				...ROW,
				title: "TUN of the client deleted, --on-tun-lost exit",
				criterion: "exit code 75 within 2 s",
				measured: `exit code ${outcome.code} after ${(performance.now() - deletedAtMs).toFixed(0)} ms`,
				isMet: outcome.code === 75,
			});
			expect(outcome.code).toBe(75);
		},
		["--on-tun-lost", "exit"],
	);
});

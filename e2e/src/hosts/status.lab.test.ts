// `tunscope status` with real tunnels: what is said is true, also beside others, after a crash, and of one that hangs.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Lab, type LabHost, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { daemonStateOf } from "../netlab/namespace.js";
import { residueBetween, snapshotHost } from "../netlab/residue.js";
import { ours, tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic, type TrafficRun } from "../traffic/run-traffic.js";
import { countLogged } from "../tunnel/daemon-log.js";
import {
	PORTS,
	startClientIn,
	startTunnel,
	type TunnelInLab,
} from "../tunnel/tunnel-in-lab.js";
import { askStatus, askStatusOnTerminal } from "./ask-status.js";

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

const start = (lab: Lab) =>
	startTunnel(lab, { client: ours, server: ours, family: 4 });

function echoRun(tunnel: TunnelInLab, count: number): TrafficRun {
	return {
		...tunnel.places,
		sizes: { kind: "fixed", bytes: 500 },
		up: { count, rate: 400, unit: "datagrams" },
		echo: true,
		maxSeconds: 30,
	};
}

function stateFiles(host: LabHost): string[] {
	return readdirSync(daemonStateOf(host.namespace.name)).sort();
}

describe("tunscope status", () => {
	it("says of both ends what is true while traffic flows, and after", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const before = await askStatus(lab.client);
			expect(before.code).toBe(3);
			expect(before.stderr).toContain("no tunscope runs here");
			const tunnel = await start(lab);
			const ready = await askStatus(lab.client);
			expect(ready.code, ready.stderr).toBe(0);
			expect(ready.tunnels).toMatchObject([
				{
					state: "running",
					stateInWords: "ready, waiting for the first datagram",
					remote: { inUse: null },
					flows: { established: 0, halfOpen: 0 },
					lastInboundMsAgo: null,
				},
			]);
			const traffic = runTraffic(echoRun(tunnel, 2_400));
			const [client, server] = await Promise.all(
				[lab.client, lab.server].map((host) =>
					waitUntil(
						async () => {
							const [one] = (await askStatus(host)).tunnels;
							const { sent, received } = one?.rates ?? {};
							const isBusy = [sent, received].every(
								(rate) => (rate?.datagramsPerSecond ?? 0) > 100,
							);
							return isBusy && one;
						},
						{ what: "rates in the status", deadlineMs: 8_000 },
					),
				),
			);
			const common = {
				state: "running",
				stateInWords: "connected",
				health: "good",
				flows: { established: 1, halfOpen: 0 },
				linkMtu: { oursBytes: 1_500 },
				maxPayloadBytes: 1_460,
				hostSetup: { mode: "auto", state: "in-place" },
			};
			const remote = `${lab.server.address4}:${PORTS.fakeTcp}`;
			expect(client).toMatchObject({
				...common,
				name: `client_${PORTS.client}`,
				listen: `127.0.0.1:${PORTS.client}`,
				remote: { configured: remote, addresses: [remote], inUse: remote },
				tun: { name: tunnel.client.tunName },
			});
			expect(server).toMatchObject({
				...common,
				name: `server_${PORTS.fakeTcp}`,
				listen: `port ${PORTS.fakeTcp}`,
				remote: { inUse: `127.0.0.1:${PORTS.target}` },
				tun: { name: tunnel.server.tunName },
			});
			expect(client?.lastInboundMsAgo).toBeLessThan(2_000);
			expect(await askStatusOnTerminal(lab.client)).toMatch(
				/NAME .*STATE[\s\S]*client_9001 .*connected/,
			);
			expect((await traffic).echo?.received).toBe(2_400);
			const [after] = (await askStatus(lab.client)).tunnels;
			expect(after?.totals).toEqual({
				sent: { datagrams: 2_400, payloadBytes: 1_200_000 },
				received: { datagrams: 2_400, payloadBytes: 1_200_000 },
			});
			await tunnel.stop();
			expect((await askStatus(lab.client)).code).toBe(3);
		});
	});

	it("lists every instance of a host, and tells them by name", async () => {
		await withLab({}, async (lab) => {
			const tunnel = await start(lab);
			const second = await ours.startClient({
				host: lab.client,
				localAddress: "127.0.0.1",
				localPort: 9_002,
				serverAddress: lab.server.address4,
				serverPort: PORTS.fakeTcp,
				tunName: "tunc2",
				extraArguments: [
					...["--tun-local", "192.168.210.1", "--tun-peer", "192.168.210.2"],
					...["--tun-local6", "fcd0::1", "--tun-peer6", "fcd0::2"],
				],
			});
			const { code, document, tunnels } = await askStatus(lab.client);
			expect(code).toBe(0);
			expect(document.instances.map(({ pid }) => pid).sort()).toEqual(
				[tunnel.client.process.pid, second.process.pid].sort(),
			);
			expect(tunnels.map(({ name }) => name).sort()).toEqual([
				"client_9001",
				"client_9002",
			]);
			const one = await askStatus(lab.client, "client_9002");
			expect(one.tunnels.map(({ tun }) => tun.name)).toEqual(["tunc2"]);
			const wrong = await askStatus(lab.client, "client_9003");
			expect(wrong.code).toBe(1);
			expect(wrong.stderr).toMatch(/no tunnel named client_9003.*client_9001/);
			await second.stop();
			expect((await askStatus(lab.client)).tunnels).toHaveLength(1);
			await tunnel.stop();
		});
	});

	it("lists the tunnels of `up` beside a client's, with the one that cannot start, and SIGUSR1 has a line for each", async () => {
		await withLab({}, async (lab) => {
			const folder = mkdtempSync(join(tmpdir(), "tunscope-status-"));
			const path = join(folder, "tunscope.yaml");
			const { address4 } = lab.server;
			writeFileSync(
				path,
				`state-dir: ${folder}/state
tunnels:
  office:
    role: client
    local: 127.0.0.1:9011
    remote: ${address4}:4567
  home:
    role: client
    local: 127.0.0.1:9012
    remote: ${address4}:4568
  nowhere:
    role: client
    local: 127.0.0.1:9013
    remote: name.invalid:4567
`,
			);
			const up = startInNamespace(lab.client.namespace, {
				argv: tunscopeArgv("up", "-c", path, "--json"),
			});
			const tunnel = await start(lab);
			const answer = await waitUntil(
				async () => {
					const now = await askStatus(lab.client);
					const running = now.tunnels.filter(
						({ state }) => state === "running",
					);
					return running.length === 3 && now;
				},
				{ what: "three running tunnels", deadlineMs: 15_000 },
			);
			expect(answer.tunnels.map(({ name }) => name).sort()).toEqual([
				"client_9001",
				"home",
				"nowhere",
				"office",
			]);
			expect(answer.code).toBe(1);
			const lost = await waitUntil(
				async () => {
					const { tunnels } = await askStatus(lab.client, "nowhere");
					return tunnels.find(({ state }) => state === "waiting");
				},
				{ what: "a tunnel that waits", deadlineMs: 10_000 },
			);
			expect(lost).toMatchObject({
				stateInWords: "could not start: waiting to try again",
				health: "bad",
				tun: { name: null },
				lastNotice: {
					level: "error",
					text: expect.stringContaining("name.invalid"),
				},
			});
			expect((await askStatus(lab.client, "office", "home")).code).toBe(0);
			process.kill(up.pid, "SIGUSR1");
			await waitUntil(() => countLogged(up, "status") === 3, {
				what: "a status line per tunnel",
				deadlineMs: 5_000,
			});
			expect((await up.stop()).code).toBe(0);
			expect((await askStatus(lab.client)).tunnels).toHaveLength(1);
			await tunnel.stop();
			rmSync(folder, { recursive: true, force: true });
		});
	});

	it("ends in 1 while the TUN is down, and follows its new name", async () => {
		await withLab({}, async (lab) => {
			const tunnel = await start(lab);
			await lab.client.namespace.ip([`link set ${tunnel.client.tunName} down`]);
			const lost = await waitUntil(
				async () => {
					const answer = await askStatus(lab.client);
					return answer.tunnels[0]?.state === "tun-lost" && answer;
				},
				{ what: "the lost TUN in the status", deadlineMs: 5_000 },
			);
			expect(lost.code).toBe(1);
			expect(lost.tunnels[0]).toMatchObject({
				health: "bad",
				stateInWords: "the TUN is gone or down: waiting for it to come back",
				lastNotice: {
					level: "warn",
					text: expect.stringContaining("taken down"),
				},
			});
			await lab.client.namespace.ip([
				`link set ${tunnel.client.tunName} name moved0`,
				"link set moved0 up",
			]);
			await waitUntil(
				async () => {
					const { code, tunnels } = await askStatus(lab.client);
					return code === 0 && tunnels[0]?.tun.name === "moved0";
				},
				{ what: "a good status with the new name", deadlineMs: 5_000 },
			);
			await tunnel.stop();
		});
	});

	it("says what is true after kill -9; the next start clears the socket away, and its stop leaves nothing", async () => {
		await withLab({}, async (lab) => {
			const before = await snapshotHost(lab.client.namespace);
			const tunnel = await start(lab);
			const { pid } = tunnel.client.process;
			expect(stateFiles(lab.client)).toContain(`control-${pid}.sock`);
			await tunnel.client.process.stop("SIGKILL");
			const crashed = await askStatus(lab.client);
			expect(crashed.code).toBe(3);
			expect(crashed.document).toMatchObject({
				instances: [],
				dead: [{ pid }],
			});
			expect(crashed.stderr).toContain(
				`process ${pid} ended without cleaning up`,
			);
			const again = await startClientIn(lab, {
				client: ours,
				server: ours,
				family: 4,
			});
			expect(stateFiles(lab.client)).toEqual([
				`control-${again.process.pid}.sock`,
				"state.json",
			]);
			const healed = await askStatus(lab.client);
			expect(healed.code).toBe(0);
			expect(healed.document.dead).toEqual([]);
			await again.stop();
			expect(
				residueBetween(before, await snapshotHost(lab.client.namespace)),
			).toEqual([]);
			await tunnel.server.stop();
		});
	});

	it("does not wait for ever for an instance that hangs", async () => {
		await withLab({}, async (lab) => {
			const tunnel = await start(lab);
			const { pid } = tunnel.client.process;
			process.kill(pid, "SIGSTOP");
			const hanging = await askStatus(lab.client);
			process.kill(pid, "SIGCONT");
			expect(hanging.code).toBe(1);
			expect(hanging.document.silent).toMatchObject([{ pid }]);
			expect(hanging.stderr).toContain(`process ${pid} does not tell`);
			await waitUntil(async () => (await askStatus(lab.client)).code === 0, {
				what: "the status is good again",
				deadlineMs: 5_000,
			});
			await tunnel.stop();
		});
	});
});

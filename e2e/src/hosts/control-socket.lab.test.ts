// The control socket and SIGUSR1 with real tunnels: whoever asks, and however, no datagram and no process is lost by it.

import { statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { daemonStateOf } from "../netlab/namespace.js";
import { childPids } from "../netlab/process-probe.js";
import {
	ours,
	startClientOnTerminal,
	tunscopeArgv,
	whyNoDaemon,
} from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { countLogged } from "../tunnel/daemon-log.js";
import { PORTS, startTunnel } from "../tunnel/tunnel-in-lab.js";
import { askStatus } from "./ask-status.js";

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

describe("the control socket", () => {
	it("is root's alone, and a crowd that sends rubbish costs no datagram", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
			});
			const path = join(
				daemonStateOf(lab.client.namespace.name),
				`control-${tunnel.client.process.pid}.sock`,
			);
			expect(statSync(path).mode & 0o777).toBe(0o600);
			expect(statSync(join(path, "..")).mode & 0o077).toBe(0);
			let answers = 0;
			let isOver = false;
			const pester = async (text: string) => {
				while (!isOver) {
					await new Promise<void>((resolve) => {
						const connection = connect(path);
						connection.on("data", () => {
							answers += 1;
						});
						connection.on("error", () => undefined);
						connection.once("close", () => resolve());
						connection.write(text);
					});
				}
			};
			const crowd = Array.from({ length: 30 }, (_, place) =>
				pester(
					place % 2 === 0
						? '{"version":2,"request":"status"}\n'
						: "\0\xff".repeat(10_000),
				),
			);
			const { echo } = await runTraffic({
				...tunnel.places,
				sizes: { kind: "fixed", bytes: 500 },
				up: { count: 1_200, rate: 400, unit: "datagrams" },
				echo: true,
				maxSeconds: 30,
			});
			isOver = true;
			await Promise.all(crowd);
			expect(echo?.received).toBe(1_200);
			expect(answers).toBeGreaterThan(100);
			expect((await askStatus(lab.client)).code).toBe(0);
			expect(countLogged(tunnel.client.process, "worker-ended")).toBe(0);
			await tunnel.stop();
		});
	});
});

describe("SIGUSR1", () => {
	it("logs one line per tunnel even where nothing else is logged, opens no debugger, and ends nothing", async () => {
		await withLab({}, async (lab) => {
			const daemon = startInNamespace(lab.server.namespace, {
				argv: tunscopeArgv(
					...["server", "-l", "4567", "-r", "127.0.0.1:9000"],
					...["--log-level", "silent"],
				),
			});
			await waitUntil(async () => (await askStatus(lab.server)).code === 0, {
				what: "a running server",
				deadlineMs: 10_000,
			});
			expect(daemon.stdout()).toBe("");
			for (const times of [1, 2]) {
				process.kill(daemon.pid, "SIGUSR1");
				await waitUntil(() => countLogged(daemon, "status") === times, {
					what: "a status line",
					deadlineMs: 5_000,
				});
			}
			expect(daemon.stdout()).toMatch(
				/server_4567: ready, waiting for clients, running for /,
			);
			const listening = await lab.server.namespace.run(["ss", "-Hltn"]);
			expect(listening).toBe("");
			expect(daemon.outcome()).toBeNull();
			expect((await daemon.stop()).code).toBe(0);
		});
	});

	it("prints it above the live screen", async () => {
		await withLab({}, async (lab) => {
			const screen = { text: "" };
			const client = await startClientOnTerminal(
				{
					host: lab.client,
					localAddress: "127.0.0.1",
					localPort: PORTS.client,
					serverAddress: lab.server.address4,
					serverPort: PORTS.fakeTcp,
				},
				{ rows: 40, columns: 120 },
				(text) => {
					screen.text += text;
				},
			);
			const [daemon] = childPids(client.process.pid);
			if (daemon === undefined) throw new Error("the client has ended");
			process.kill(daemon, "SIGUSR1");
			await waitUntil(
				() => /INFO.*client_9001: ready, waiting for/.test(screen.text),
				{ what: "the status line on the screen", deadlineMs: 5_000 },
			);
			expect(client.process.outcome()).toBeNull();
			await client.stop();
		});
	});
});

// `tunscope reconnect` under a conversation: its flow goes on from another port, and no datagram is missing.

import { beforeAll, describe, expect, it } from "vitest";
import { type LabHost, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { ours, tunscopeArgv, whyNoDaemon } from "../netlab/tunscope-tunnel.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { countLogged } from "../tunnel/daemon-log.js";
import { startTunnel } from "../tunnel/tunnel-in-lab.js";

const DATAGRAMS = 1_000;

beforeAll(() => {
	const reason = whyNoDaemon();
	if (reason !== null) throw new Error(reason);
});

async function reconnect(host: LabHost, ...names: readonly string[]) {
	const running = startInNamespace(host.namespace, {
		argv: tunscopeArgv("reconnect", ...names),
		deadlineMs: 20_000,
	});
	const { code } = await running.ended;
	return { code, stdout: running.stdout(), stderr: running.stderr() };
}

describe("tunscope reconnect", () => {
	it("moves a conversation to a new port without losing a datagram of it", async () => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family: 4,
			});
			const flowsOpened = (atLeast: number) =>
				waitUntil(
					() =>
						countLogged(tunnel.server.process, "flow-opened") >= atLeast ||
						null,
					{ what: `${atLeast} flows at the server`, deadlineMs: 10_000 },
				);
			const moveOn = async () => {
				await flowsOpened(1);
				expect(await reconnect(lab.client)).toEqual({
					code: 0,
					stdout: "client_9001: its flows go on from new ports.\n",
					stderr: "",
				});
				await flowsOpened(2);
			};
			const [{ echo }] = await Promise.all([
				runTraffic({
					...tunnel.places,
					sizes: { kind: "fixed", bytes: 500 },
					up: { count: DATAGRAMS, rate: 250, unit: "datagrams" },
					echo: true,
					maxSeconds: 20,
				}),
				moveOn(),
			]);
			expect(echo?.received).toBe(DATAGRAMS);
			expect(await reconnect(lab.server)).toEqual({
				code: 1,
				stdout: "",
				stderr:
					"tunscope: server_4567 is a server, whose flows its clients begin: ask for it at a client.\n",
			});
			await tunnel.stop();
		});
	});
});

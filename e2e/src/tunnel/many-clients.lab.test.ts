// Many applications start at the same moment: handshakes run side by side and nobody's first datagrams are lost.

import { beforeAll, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { openDescriptors } from "../netlab/process-probe.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { waitUntil } from "../netlab/wait-until.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { describeVerdict } from "../traffic/traffic-report.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import { measured } from "./measured.js";
import { startTunnel } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

const CLIENTS = 200;
const DATAGRAMS_EACH = 5;
/** All first datagrams leave within a quarter of a second. */
const DATAGRAMS_PER_SECOND = 4_000;
const IDLE_SECONDS = 2;

it.each([4, 6] as const)(
	"packet case 57: opens 200 flows at once, loses no first datagram, and lets go of them when idle (IPv%d)",
	async (family) => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const idle = ["--idle-timeout", String(IDLE_SECONDS)];
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
				clientArguments: idle,
				serverArguments: idle,
			});
			const server = tunnel.server.process.pid;
			const descriptorsBefore = openDescriptors(server);
			const outcome = await runTraffic({
				...tunnel.places,
				flows: CLIENTS,
				sizes: { kind: "fixed", bytes: 148 },
				up: {
					count: DATAGRAMS_EACH,
					rate: DATAGRAMS_PER_SECOND,
					unit: "datagrams",
				},
				echo: true,
				maxSeconds: 10,
			});
			if (outcome.echo === null) throw new Error("no verdict");
			const short = outcome.echo.flows.filter((flow) => flow.lost > 0);
			measured("200 clients", describeVerdict(outcome.echo));
			expect(short).toEqual([]);
			expect(outcome.up).toMatchObject({ lost: 0, corrupted: 0 });
			expect((await lab.invalidCounts()).total).toBe(0);
			await waitUntil(() => openDescriptors(server) <= descriptorsBefore, {
				what: "descriptors of idle flows closed",
				deadlineMs: (IDLE_SECONDS + 4) * 1_000,
			});
			await tunnel.stop();
		});
	},
);

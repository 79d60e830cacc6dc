// The server's UDP target refuses datagrams: the flow is kept, the state is said, and traffic flows once it is there.

import { beforeAll, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import type { TunnelKind } from "../netlab/tunnel-options.js";
import { waitUntil } from "../netlab/wait-until.js";
import {
	readReport,
	startAnswerer,
	startOpener,
	type TrafficRun,
} from "../traffic/run-traffic.js";
import { joinReports } from "../traffic/traffic-report.js";
import { FIND_KINDS_TIMEOUT_MS, findKinds } from "./available-kinds.js";
import { countLogged } from "./daemon-log.js";
import { measured } from "./measured.js";
import { startTunnel } from "./tunnel-in-lab.js";

let ours: TunnelKind;
beforeAll(async () => {
	ours = (await findKinds()).get("ours");
}, FIND_KINDS_TIMEOUT_MS);

it.each([4, 6] as const)(
	"packet case 53: keeps the flow and carries on when the target comes up (IPv%d)",
	async (family) => {
		await withLab({ shape: "with-router" }, async (lab) => {
			const tunnel = await startTunnel(lab, {
				client: ours,
				server: ours,
				family,
			});
			const run: TrafficRun = {
				...tunnel.places,
				sizes: { kind: "fixed", bytes: 200 },
				up: { count: 600, rate: 200, unit: "datagrams" },
				echo: true,
				maxSeconds: 8,
			};
			const opener = startOpener(run);
			const targetStates = (isDown: boolean) =>
				countLogged(tunnel.server.process, "target-state", { isDown });
			await waitUntil(() => targetStates(true) > 0, {
				what: "the server says that its target is down",
				deadlineMs: 3_000,
			});
			const answerer = await startAnswerer(run);
			await opener.ended;
			answerer.closeInput();
			await answerer.ended;
			const echo = joinReports(readReport(opener), readReport(opener));
			measured("target late", `${echo.received} of ${echo.sent} came back`);
			// Everything from the moment it listened, in one piece, on the flow that was there.
			expect(echo.received).toBeGreaterThan(100);
			expect(echo.flows[0]?.highestSequence).toBe(599);
			const gaps = echo.flows[0]?.gaps ?? [];
			expect(gaps.every((sequence, place) => sequence === place)).toBe(true);
			expect(countLogged(tunnel.client.process, "flow-closed")).toBe(0);
			expect(countLogged(tunnel.server.process, "flow-opened")).toBe(1);
			expect(targetStates(false)).toBeGreaterThan(0);
			await tunnel.stop();
		});
	},
);

// Row 3: hundreds of new flows a second leave the established ones alone, and nothing of them stays.

import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { z } from "zod";
import { askStatus } from "../hosts/ask-status.js";
import { type Lab, withLab } from "../netlab/lab.js";
import { startInNamespace } from "../netlab/lab-process.js";
import { residentBytes } from "../netlab/process-probe.js";
import { pauseMs } from "../netlab/wait-until.js";
import {
	joinOutcome,
	readReport,
	startAnswerer,
	startOpener,
	type TrafficRun,
} from "../traffic/run-traffic.js";
import { FIND_KINDS_TIMEOUT_MS } from "../tunnel/available-kinds.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import {
	kindOfColumn,
	measureRow,
	type RowOutcome,
	whyNoColumn,
} from "./measure-row.js";
import { percent } from "./percent.js";
import { COLUMNS, type Column, isLongForm } from "./row-form.js";

const SECONDS = isLongForm ? 60 : 8;
const NEW_FLOWS_PER_SECOND = 500;
const ESTABLISHED_FLOWS = 10;
const ESTABLISHED_RATE = 500;
const IDLE_SECONDS = 2;
/** Idle expiry, the sweep behind it, and a busy machine. */
const EXPIRY_LIMIT_MS = (IDLE_SECONDS + 5) * 1_000;
const MAX_FLOWS = 4_096;
/** The client's idle time ends first, as its applications do; the server then learns of it by a reset. */
const limits = (idleSeconds: number) => [
	...["--idle-timeout", String(idleSeconds)],
	...["--max-flows", String(MAX_FLOWS)],
];
const LOSS_LIMIT = 0.001;
const GROWTH_LIMIT = 0.1;
const MIB = 1024 * 1024;
const CHURN = fileURLToPath(
	new URL("../../dist/traffic/churn-main.js", import.meta.url),
);
const churnReport = z.object({ opened: z.number(), failed: z.number() });

async function churn(lab: Lab, tunnel: TunnelInLab, seconds: number) {
	const { address, port, family } = tunnel.places.opener;
	const settings = { family, address, port, rate: NEW_FLOWS_PER_SECOND };
	const churning = startInNamespace(lab.client.namespace, {
		argv: [process.execPath, CHURN, JSON.stringify({ ...settings, seconds })],
	});
	const { code } = await churning.ended;
	if (code !== 0) throw new Error(`churn ended with ${code}`);
	return churnReport.parse(JSON.parse(churning.stdout()));
}

/** On both ends, by their own account. */
async function openFlows(lab: Lab): Promise<number> {
	const answers = await Promise.all(
		[lab.client, lab.server].map((host) => askStatus(host)),
	);
	return answers
		.flatMap(({ tunnels }) => tunnels)
		.reduce((sum, { flows }) => sum + flows.established + flows.halfOpen, 0);
}

/** Waits at most as long as idle flows may take. @returns flows that are still open. */
async function flowsAfterExpiry(lab: Lab): Promise<number> {
	const endMs = performance.now() + EXPIRY_LIMIT_MS;
	for (;;) {
		const open = await openFlows(lab);
		if (open === 0 || performance.now() >= endMs) return open;
		await pauseMs(200);
	}
}

async function churnBesideConversations(column: Column): Promise<RowOutcome> {
	const kind = await kindOfColumn(column);
	return withLab({ shape: "with-router" }, async (lab) => {
		const isOurs = column === "ours";
		const tunnel = await startTunnel(lab, {
			client: kind,
			server: kind,
			family: 4,
			clientArguments: isOurs ? limits(IDLE_SECONDS) : [],
			serverArguments: isOurs ? limits(IDLE_SECONDS + 1) : [],
		});
		// What a process takes once for its first thousand flows (tables, code) is not a leak.
		await churn(lab, tunnel, 2);
		const pids = [tunnel.client.process.pid, tunnel.server.process.pid];
		if (isOurs) await flowsAfterExpiry(lab);
		const before = pids.map(residentBytes);
		const run: TrafficRun = {
			...tunnel.places,
			flows: ESTABLISHED_FLOWS,
			sizes: { kind: "fixed", bytes: 400 },
			up: {
				count: ((SECONDS + 1) * ESTABLISHED_RATE) / ESTABLISHED_FLOWS,
				rate: ESTABLISHED_RATE,
				unit: "datagrams",
			},
			maxSeconds: SECONDS + 20,
		};
		const answerer = await startAnswerer(run);
		const opener = startOpener(run);
		const churned = await churn(lab, tunnel, SECONDS);
		const openThen = isOurs ? await openFlows(lab) : 0;
		await opener.ended;
		answerer.closeInput();
		await answerer.ended;
		const { up } = joinOutcome(run, readReport(opener), readReport(answerer));
		if (up === null) throw new Error("no verdict");
		const stillOpen = isOurs ? await flowsAfterExpiry(lab) : 0;
		const growth = pids
			.map(residentBytes)
			.map((bytes, place) => bytes / (before[place] ?? bytes) - 1);
		const mostGrowth = Math.max(...growth);
		const lossShare = 1 - up.deliveredShare;
		const [client = 0, server = 0] = before;
		await tunnel.stop();
		return {
			measured: `${churned.opened} new flows, ${up.unattributed} delivered their datagram; established flows lost ${percent(lossShare)}; RSS from ${(client / MIB).toFixed(0)} and ${(server / MIB).toFixed(0)} MiB by ${growth.map(percent).join(" and ")}${isOurs ? `; ${openThen} flows open on both ends at its end, ${stillOpen} later` : ""}`,
			isMet:
				lossShare <= LOSS_LIMIT &&
				mostGrowth <= GROWTH_LIMIT &&
				openThen <= 2 * MAX_FLOWS &&
				stillOpen === 0 &&
				up.corrupted === 0 &&
				churned.failed === 0,
			...(isOurs
				? {}
				: { remark: "stock's idle time is 180 s, and it has no flow limit" }),
		};
	});
}

describe.each(COLUMNS)("%s", (column) => {
	it(
		"takes hundreds of new flows a second beside established ones",
		async (context) => {
			const reason = await whyNoColumn(column);
			if (reason !== null) return context.skip(reason);
			await measureRow(
				{
					row: 3,
					title: `${NEW_FLOWS_PER_SECOND} new flows/s for ${SECONDS} s, IPv4`,
					criterion:
						"established flows lose ≤ 0.1 %; tables within --max-flows; RSS ≤ +10 %; all idle flows gone",
					column,
					seed: null,
				},
				() => churnBesideConversations(column),
			);
		},
		FIND_KINDS_TIMEOUT_MS,
	);
});

// Row 4: a receiver that does not read and a peer that is dead delay nobody else.

import { describe, it } from "vitest";
import { type Lab, withLab } from "../netlab/lab.js";
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
import {
	newcomerWaitMs,
	startDeadPeer,
	startStalledFlow,
} from "./troubled-flows.js";

const GOOD_FLOWS = 20;
const STALLED_FLOW = GOOD_FLOWS;
const NEWCOMER_FLOW = GOOD_FLOWS + 1;
const DATAGRAMS_PER_SECOND = 2_000;
const PAIRS = isLongForm ? 5 : 3;
const SECONDS = isLongForm ? 10 : 2;
const GOODPUT_LIMIT = 0.95;
const P99_LIMIT = 2;
/** The dead one's first handshake takes 3 s; who had to wait for it is over this. */
const NEWCOMER_LIMIT_MS = 1_000;

interface GoodFlows {
	/** Received of sent, over the good flows. */
	readonly deliveredShare: number;
	/** Of the worst good flow. */
	readonly p99Us: number;
	/** Null when there was none. */
	readonly newcomerMs: number | null;
}

/** The answerer sends to every flow that opened; only the good ones are judged. */
async function carryGoodFlows(
	lab: Lab,
	tunnel: TunnelInLab,
	isTroubled: boolean,
): Promise<GoodFlows> {
	const flows = isTroubled ? GOOD_FLOWS + 2 : GOOD_FLOWS;
	let onFlowing: () => void = () => undefined;
	const flowing = new Promise<void>((resolve) => {
		onFlowing = resolve;
	});
	const run: TrafficRun = {
		...tunnel.places,
		flows: GOOD_FLOWS,
		sizes: { kind: "fixed", bytes: 600 },
		down: {
			count: (SECONDS * DATAGRAMS_PER_SECOND) / GOOD_FLOWS,
			rate: (DATAGRAMS_PER_SECOND * flows) / GOOD_FLOWS,
			unit: "datagrams",
		},
		maxSeconds: SECONDS + 10,
		patienceMs: 500,
		onProgress: (role, { received }) => {
			if (role === "open" && received > 0) onFlowing();
		},
	};
	const answerer = await startAnswerer({ ...run, flows });
	const stalled = isTroubled
		? await startStalledFlow(lab, tunnel, STALLED_FLOW)
		: null;
	const opener = startOpener(run);
	try {
		await Promise.race([flowing, opener.ended]);
		const newcomerMs = isTroubled ? await newcomerBeside(lab, tunnel) : null;
		await opener.ended;
		answerer.closeInput();
		await answerer.ended;
		const { down } = joinOutcome(run, readReport(opener), readReport(answerer));
		const good = down?.flows.slice(0, GOOD_FLOWS) ?? [];
		const sum = (pick: (flow: (typeof good)[number]) => number) =>
			good.reduce((total, flow) => total + pick(flow), 0);
		return {
			deliveredShare: sum(({ received }) => received) / sum(({ sent }) => sent),
			p99Us: Math.max(...good.map(({ latency }) => latency.p99Us)),
			newcomerMs,
		};
	} finally {
		await stalled?.stop("SIGKILL");
		await opener.stop("SIGKILL");
		await answerer.stop("SIGKILL");
	}
}

async function newcomerBeside(lab: Lab, tunnel: TunnelInLab): Promise<number> {
	const dead = await startDeadPeer(lab, tunnel);
	try {
		return await newcomerWaitMs(lab, tunnel, NEWCOMER_FLOW);
	} finally {
		await dead.end();
	}
}

function median(figures: readonly number[]): number {
	const sorted = [...figures].sort((one, other) => one - other);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function compare(column: Column): Promise<RowOutcome> {
	const kind = await kindOfColumn(column);
	return withLab({ shape: "with-router" }, async (lab) => {
		const tunnel = await startTunnel(lab, {
			client: kind,
			server: kind,
			family: 4,
		});
		const alone: GoodFlows[] = [];
		const troubled: GoodFlows[] = [];
		for (let pair = 0; pair < PAIRS; pair += 1) {
			alone.push(await carryGoodFlows(lab, tunnel, false));
			troubled.push(await carryGoodFlows(lab, tunnel, true));
		}
		await tunnel.stop();
		const share = (runs: readonly GoodFlows[]) =>
			median(runs.map(({ deliveredShare }) => deliveredShare));
		const p99 = (runs: readonly GoodFlows[]) =>
			median(runs.map(({ p99Us }) => p99Us));
		const newcomerMs = median(
			troubled.map((run) => run.newcomerMs ?? Number.NaN),
		);
		const kept = share(troubled) / share(alone);
		const slower = p99(troubled) / p99(alone);
		return {
			measured: `good flows keep ${percent(kept)} of their goodput, p99 ${(p99(troubled) / 1_000).toFixed(1)} ms (alone ${(p99(alone) / 1_000).toFixed(1)} ms); a newcomer's first answer after ${newcomerMs} ms`,
			isMet:
				kept >= GOODPUT_LIMIT &&
				slower <= P99_LIMIT &&
				newcomerMs <= NEWCOMER_LIMIT_MS,
		};
	});
}

describe.each(COLUMNS)("%s", (column) => {
	it(
		"packet case 56: serves good flows and newcomers beside a stalled receiver and a dead peer",
		async (context) => {
			const reason = await whyNoColumn(column);
			if (reason !== null) return context.skip(reason);
			await measureRow(
				{
					row: 4,
					title: `${GOOD_FLOWS} good flows beside a stalled receiver and a dead peer, IPv4`,
					criterion:
						"goodput ≥ 95 % and p99 ≤ 2 × of those alone (medians); a new flow answered ≤ 1 s",
					column,
					seed: null,
				},
				() => compare(column),
			);
		},
		FIND_KINDS_TIMEOUT_MS,
	);
});

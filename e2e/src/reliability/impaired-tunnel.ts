// A tunnel over the impaired link: streams both ways, impairments as soon as they flow, and what link and ends say afterwards.

import { startImpairedLink } from "../netlab/impaired-link/impaired-link.js";
import type { Impairments } from "../netlab/impaired-link/impairments.js";
import {
	type DirectionLedger,
	packetsUnaccounted,
} from "../netlab/impaired-link/link-ledger.js";
import { type Lab, withLab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";
import { udpReceiveBufferDrops } from "../netlab/process-probe.js";
import type { Family } from "../netlab/tunnel-options.js";
import { STREAM } from "../traffic/datagram-form.js";
import { runTraffic, type StreamPlan } from "../traffic/run-traffic.js";
import type { SizePlan } from "../traffic/size-plan.js";
import type { Verdict } from "../traffic/traffic-report.js";
import { countLogged } from "../tunnel/daemon-log.js";
import { startTunnel, type TunnelInLab } from "../tunnel/tunnel-in-lab.js";
import { kindOfColumn } from "./measure-row.js";
import type { Column } from "./row-form.js";

export interface ImpairedRun {
	readonly column: Column;
	readonly family: Family;
	readonly seed: number;
	/** Of both directions, from the moment when the first datagrams have crossed. */
	readonly impairments: Impairments;
	readonly sizes: SizePlan;
	/** Both ways at once. */
	readonly stream: StreamPlan;
}

export interface ImpairedDirection {
	/** What the receiving application saw. */
	readonly verdict: Verdict;
	/** What the link did, and what of the stream left it. */
	readonly ledger: DirectionLedger;
	/** Of the datagrams that entered the link, the share that left it uncorrupted, 0 to 1. */
	readonly linkShare: number;
}

export interface ImpairedOutcome {
	readonly up: ImpairedDirection;
	readonly down: ImpairedDirection;
	/** RST segments that entered the link, before the tunnel was stopped. */
	readonly resets: number;
	/** Flows that an end of ours closed, before it was stopped; 0 for stock, whose resets tell. */
	readonly flowsClosed: number;
	/** Packets that conntrack called INVALID on any host of the lab. */
	readonly invalid: number;
	/** Datagrams that an end's own UDP buffer had no room for: they never entered the tunnel. */
	readonly unread: number;
	/** Ended; for final counters. */
	readonly tunnel: TunnelInLab;
}

const OBSERVER_TABLE = "observer";
const DRAIN_DEADLINE_MS = 3_000;
/** What the link lost never comes; the longest delay of any row is a tenth of this. */
const PATIENCE_MS = 1_000;

/** How the tunnel is started; another way than `startTunnel` is for other host set-ups. */
export type StartTunnel = (lab: Lab) => Promise<TunnelInLab>;

export async function runImpaired(
	run: ImpairedRun,
	start: StartTunnel = (lab) => startPlainTunnel(lab, run),
): Promise<ImpairedOutcome> {
	return withLab({ shape: "with-router", linkProfile: "bare" }, async (lab) => {
		if (lab.router === null) throw new Error("the lab has no router");
		const { sizes } = run;
		const link = await startImpairedLink(lab, {
			seed: run.seed,
			watchUp: { stream: STREAM.up, sizes },
			watchDown: { stream: STREAM.down, sizes },
		});
		await countResets(lab.router);
		const tunnel = await start(lab);
		const orders: Promise<void>[] = [];
		const outcome = await runTraffic({
			...tunnel.places,
			io: "native",
			sizes,
			up: run.stream,
			down: run.stream,
			patienceMs: PATIENCE_MS,
			onProgress: (role, { received }) => {
				if (role === "answer" || received === 0 || orders.length > 0) return;
				const { impairments } = run;
				orders.push(link.set({ up: impairments, down: impairments }));
			},
		});
		if (orders.length === 0) throw new Error("nothing crossed the tunnel");
		await Promise.all(orders);
		await link.drain(DRAIN_DEADLINE_MS);
		const ledger = await link.ledger();
		const resets = await resetsSeen(lab.router);
		const flowsClosed = [tunnel.client, tunnel.server]
			.map((end) => countLogged(end.process, "flow-closed"))
			.reduce((sum, closed) => sum + closed);
		const invalid = (await lab.invalidCounts()).total;
		const unread = [tunnel.client, tunnel.server]
			.map((end) => udpReceiveBufferDrops(end.process.pid))
			.reduce((sum, drops) => sum + drops);
		await tunnel.stop();
		return {
			up: describeDirection(outcome.up, ledger.up),
			down: describeDirection(outcome.down, ledger.down),
			resets,
			flowsClosed,
			invalid,
			unread,
			tunnel,
		};
	});
}

async function startPlainTunnel(
	lab: Lab,
	{ column, family }: ImpairedRun,
): Promise<TunnelInLab> {
	const kind = await kindOfColumn(column);
	return startTunnel(lab, { client: kind, server: kind, family });
}

function describeDirection(
	verdict: Verdict | null,
	ledger: DirectionLedger,
): ImpairedDirection {
	if (verdict === null || ledger.watched === null)
		throw new Error("no verdict");
	const unaccounted = packetsUnaccounted(ledger);
	if (unaccounted !== 0 || ledger.refused !== 0)
		throw new Error(
			`the link itself is at fault: ${ledger.refused} refused, ${unaccounted} in no counter`,
		);
	const linkShare = ledger.watched.received / ledger.enteredWithPayload;
	return { verdict, ledger, linkShare };
}

/** Before the link, so that each counts once, by the kernel and not by a program of ours. */
function countResets(router: Namespace): Promise<void> {
	return router.nft(`table inet ${OBSERVER_TABLE} {
	chain forward {
		type filter hook forward priority -250; policy accept;
		iifname { "to-client", "to-server" } tcp flags & rst == rst counter
	}
}
`);
}

async function resetsSeen(router: Namespace): Promise<number> {
	const listing = await router.run([
		...["nft", "list", "table", "inet", OBSERVER_TABLE],
	]);
	return Number(/counter packets (\d+)/.exec(listing)?.[1] ?? Number.NaN);
}

/** For the scoreboard, where a difference to the link is no fault of the wire. */
export function remarkOnUnread({ unread }: ImpairedOutcome): {
	readonly remark?: string;
} {
	if (unread === 0) return {};
	return { remark: `${unread} datagrams did not fit its UDP buffers` };
}

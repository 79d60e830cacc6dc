// Where one-way datagrams got lost: every hop's count, the kernel's reasons for each loss, and what no reason explains.

import type { Lab } from "../netlab/lab.js";
import { udpReceiveBufferDrops } from "../netlab/process-probe.js";
import type { Family } from "../netlab/tunnel-options.js";
import type { Verdict } from "../traffic/traffic-report.js";
import type { KindName } from "./available-kinds.js";
import {
	datagramsDropped,
	type FinalCounters,
	finalCounters,
} from "./daemon-log.js";
import { type TunStatistics, tunStatistics } from "./kernel-drops.js";
import type { TunnelInLab } from "./tunnel-in-lab.js";

/** IP and TCP headers without options, as on every data segment. */
const HEADER_BYTES: Readonly<Record<Family, number>> = { 4: 40, 6: 60 };
/** Most segments that one packet in a TUN's queue can be (64 KiB of them). */
const MOST_SEGMENTS_IN_TRAIN = 64;

export interface OneWayRun {
	readonly lab: Lab;
	readonly tunnel: TunnelInLab;
	readonly sender: "client" | "server";
	readonly kinds: Readonly<Record<"client" | "server", KindName>>;
	readonly family: Family;
	/** Of every datagram. */
	readonly payloadBytes: number;
}

/** What the kernel counted; to be read while both ends still run. */
export interface KernelCounts {
	/** Datagrams that the sending end's UDP sockets had no room for, or (a fault of the test) that found no socket. */
	readonly unread: number;
	/** Packets that conntrack called INVALID, on all hosts. */
	readonly invalid: number;
	readonly tuns: Readonly<Record<"client" | "server", TunStatistics>>;
}

export interface Hop {
	readonly name: string;
	readonly lost: number;
	/** Datagrams, by the kernel's or our own daemon's counters. */
	readonly explained: number;
	/** E.g. "UDP buffer 21". */
	readonly reasons: string;
}

export async function readKernelCounts(run: OneWayRun): Promise<KernelCounts> {
	const { lab, tunnel } = run;
	const statistics = (side: "client" | "server") =>
		tunStatistics(lab[side].namespace, tunnel[side].tunName);
	return {
		unread: udpReceiveBufferDrops(tunnel[run.sender].process.pid),
		invalid: (await lab.invalidCounts()).total,
		tuns: {
			client: await statistics("client"),
			server: await statistics("server"),
		},
	};
}

/** To be called after both ends have stopped: our own daemon gives its counters at its end. */
export function accountFor(
	run: OneWayRun,
	kernel: KernelCounts,
	verdict: Verdict,
): readonly Hop[] {
	const receiver = run.sender === "client" ? "server" : "client";
	const sending = ownCounters(run, run.sender);
	const receiving = ownCounters(run, receiver);
	const emitted =
		sending?.engine.segmentsSent ??
		dataSegments(run, kernel.tuns[run.sender].receivedBytes);
	const arrived =
		receiving?.engine.segmentsReceived ??
		dataSegments(run, kernel.tuns[receiver].sentBytes);
	const queue = kernel.tuns[receiver].queueDrops;
	return [
		hop("application to sending end", verdict.sent - emitted, {
			"UDP buffer": kernel.unread,
			refused: dropped(sending, "from-application"),
		}),
		hop("sending end to receiving end", emitted - arrived, {
			INVALID: kernel.invalid,
			// Of ours one packet in the queue may be a whole train: how much of one was lost, nobody counts.
			"TUN queue":
				queue > 0 && receiving !== null
					? Math.min(queue * MOST_SEGMENTS_IN_TRAIN, emitted - arrived)
					: queue,
		}),
		hop("receiving end to application", arrived - verdict.received, {
			"application's buffer": verdict.overflowDrops,
			refused: dropped(receiving, "to-application"),
		}),
	];
}

/** One line for the test's output. */
export function describeHops(hops: readonly Hop[]): string {
	return hops
		.map(({ name, lost, reasons }) => `${name} ${lost} lost (${reasons})`)
		.join("; ");
}

/** Sentences about hops that lost more than anything explains; empty when every datagram is accounted for. */
export function unexplainedLosses(hops: readonly Hop[]): string[] {
	return hops
		.filter(({ lost, explained }) => lost > explained)
		.map(
			({ name, lost, explained, reasons }) =>
				`${lost - explained} of ${lost} datagrams lost from ${name} are in no counter (${reasons})`,
		);
}

function hop(
	name: string,
	lost: number,
	counts: Readonly<Record<string, number>>,
): Hop {
	const reasons = Object.entries(counts);
	return {
		name,
		lost,
		explained: reasons.reduce((sum, [, count]) => sum + count, 0),
		reasons: reasons.map(([reason, count]) => `${reason} ${count}`).join(", "),
	};
}

/** Stock writes and reads whole segments; those without payload are far too few to look like one with. */
function dataSegments(run: OneWayRun, bytesOnTun: number): number {
	const segmentBytes = run.payloadBytes + HEADER_BYTES[run.family];
	return Math.floor(bytesOnTun / segmentBytes);
}

function ownCounters(
	run: OneWayRun,
	side: "client" | "server",
): FinalCounters | null {
	return run.kinds[side] === "ours"
		? finalCounters(run.tunnel[side].process)
		: null;
}

function dropped(
	counters: FinalCounters | null,
	side: "from-application" | "to-application",
): number {
	return counters === null ? 0 : datagramsDropped(counters, side);
}

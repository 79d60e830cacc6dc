// One run of a stream through a column: generator, sink, CPU of the daemons, judged and measured.

import { residentBytes } from "@tunscope/e2e/netlab";
import { type Arrivals, bytesAt } from "../traffic/flow-ledger.js";
import type { GeneratorReport } from "../traffic/traffic-lines.js";
import type { Column } from "./column.js";
import { machineBusyMs, processCpuTime } from "./cpu-time.js";
import { nextRun } from "./run-number.js";
import { startTrafficProcess } from "./traffic-process.js";

/** How a generator hands datagrams over. */
export interface Sender {
	readonly title: string;
	readonly datagramsPerCall: number;
	readonly usesSegmentation: boolean;
}

export const SENDERS = {
	/** sendmmsg with one message: one system call per datagram. */
	send: {
		title: "one send per datagram",
		datagramsPerCall: 1,
		usesSegmentation: false,
	},
	sendmmsg: {
		title: "sendmmsg, 64 messages",
		datagramsPerCall: 64,
		usesSegmentation: false,
	},
	/** 46 × 1,400 bytes are what fits a UDP datagram of 65,507 bytes. */
	segment: {
		title: "UDP_SEGMENT, 46 datagrams",
		datagramsPerCall: 46,
		usesSegmentation: true,
	},
} as const satisfies Record<string, Sender>;

export interface StreamPlan {
	readonly sender: Sender;
	readonly sizeBytes: number;
	readonly seconds: number;
	readonly flows?: number;
	/** Datagrams per second; left out: unthrottled. */
	readonly rate?: number;
	readonly sinkUsesGro?: boolean;
}

export interface StreamOutcome {
	readonly goodputBitsPerSecond: number;
	readonly datagramsPerSecond: number;
	readonly sent: number;
	readonly received: number;
	/** Share of what was sent that did not arrive, 0 to 1. */
	readonly loss: number;
	/** Of those received: overtaken by a later one. */
	readonly reordered: number;
	/** Seen before, or more than 1,024 datagrams late. */
	readonly doubled: number;
	readonly wrongSize: number;
	/** Of an earlier run, or not ours at all. */
	readonly foreign: number;
	readonly flows: number;
	/** Daemons of both ends together, from before the first datagram to after the last. */
	readonly daemonUserMs: number;
	readonly daemonSystemMs: number;
	/** Of each daemon, client first. */
	readonly daemonMs: readonly number[];
	readonly generatorMs: number;
	readonly sinkMs: number;
	/** The whole machine in the same time, generator, sink and strangers included. */
	readonly machineBusyMs: number;
	/** What neither daemons, generator nor sink used of it: the noise. */
	readonly strangersMs: number;
	/** Elapsed time in which all this CPU time was used. */
	readonly elapsedMs: number;
	readonly receivedGbit: number;
	/** Highest resident set of any daemon, seen every 50 ms. */
	readonly peakResidentBytes: number;
	readonly residentSamples: readonly number[];
}

/** The first part of a run is not counted: queues fill, code compiles. */
const WARM_UP_SHARE = 0.25;
const MAX_WARM_UP_MS = 500;
const START_DEADLINE_MS = 25_000;
const END_DEADLINE_MS = 15_000;
const RESIDENT_INTERVAL_MS = 50;

export async function runStream(
	column: Column,
	plan: StreamPlan,
): Promise<StreamOutcome> {
	const run = nextRun();
	const flows = plan.flows ?? 1;
	const { sizeBytes, seconds } = plan;
	const sink = startTrafficProcess(column.lab.server, "sink", {
		run,
		bind: column.sinkBind,
		sizeBytes,
		flows,
		usesGro: plan.sinkUsesGro === true,
	});
	try {
		await sink.line("ready", START_DEADLINE_MS);
		const generator = startTrafficProcess(column.lab.client, "generator", {
			run,
			target: column.target,
			sizeBytes,
			flows,
			datagramsPerCall: plan.sender.datagramsPerCall,
			usesSegmentation: plan.sender.usesSegmentation,
			rate: plan.rate ?? 0,
			seconds,
			helloIntervalMs: 250,
		});
		try {
			await generator.line("starting", START_DEADLINE_MS);
			const meter = startMeter(column.daemonPids);
			const report = await generator.line(
				"sent",
				seconds * 1_000 + END_DEADLINE_MS,
			);
			sink.process.closeInput();
			const arrivals = await sink.line("arrivals", END_DEADLINE_MS);
			return judge({ arrivals, report, used: meter.stop() });
		} finally {
			await generator.process.stop();
		}
	} finally {
		await sink.process.stop();
	}
}

interface Used {
	readonly elapsedMs: number;
	readonly daemonUserMs: number;
	readonly daemonSystemMs: number;
	readonly daemonMs: readonly number[];
	readonly machineBusyMs: number;
	readonly residentSamples: readonly number[];
}

function startMeter(pids: readonly number[]): { stop(): Used } {
	const startedMs = performance.now();
	const before = pids.map(processCpuTime);
	const busyBefore = machineBusyMs();
	const residentSamples: number[] = [];
	const look = () =>
		residentSamples.push(Math.max(0, ...pids.map(residentBytes)));
	const timer = setInterval(look, RESIDENT_INTERVAL_MS);
	return {
		stop: () => {
			clearInterval(timer);
			look();
			const used = pids.map((pid, end) => {
				const { userMs, systemMs } = processCpuTime(pid);
				return {
					userMs: userMs - (before[end]?.userMs ?? 0),
					systemMs: systemMs - (before[end]?.systemMs ?? 0),
				};
			});
			return {
				elapsedMs: performance.now() - startedMs,
				daemonUserMs: used.reduce((sum, { userMs }) => sum + userMs, 0),
				daemonSystemMs: used.reduce((sum, { systemMs }) => sum + systemMs, 0),
				daemonMs: used.map(({ userMs, systemMs }) => userMs + systemMs),
				machineBusyMs: machineBusyMs() - busyBefore,
				residentSamples,
			};
		},
	};
}

function judge(seen: {
	readonly arrivals: Arrivals & { readonly cpuMs: number };
	readonly report: GeneratorReport;
	readonly used: Used;
}): StreamOutcome {
	const { arrivals, report, used } = seen;
	const { startMs, endMs, sent } = report;
	const warmUpMs = Math.min(MAX_WARM_UP_MS, (endMs - startMs) * WARM_UP_SHARE);
	const fromMs = startMs + warmUpMs;
	const bytes = bytesAt(arrivals, endMs) - bytesAt(arrivals, fromMs);
	const windowSeconds = (endMs - fromMs) / 1_000;
	const sizeBytes =
		arrivals.received === 0 ? 1 : arrivals.receivedBytes / arrivals.received;
	const knownMs =
		used.daemonUserMs + used.daemonSystemMs + report.cpuMs + arrivals.cpuMs;
	return {
		...used,
		generatorMs: report.cpuMs,
		sinkMs: arrivals.cpuMs,
		strangersMs: Math.max(0, used.machineBusyMs - knownMs),
		goodputBitsPerSecond: (bytes * 8) / windowSeconds,
		datagramsPerSecond: bytes / sizeBytes / windowSeconds,
		sent,
		received: arrivals.received,
		loss: sent === 0 ? 0 : 1 - arrivals.received / sent,
		reordered: arrivals.reordered,
		doubled: arrivals.doubled,
		wrongSize: arrivals.wrongSize,
		foreign: arrivals.foreign,
		flows: arrivals.flows,
		receivedGbit: (arrivals.receivedBytes * 8) / 1e9,
		peakResidentBytes: Math.max(...used.residentSamples),
	};
}

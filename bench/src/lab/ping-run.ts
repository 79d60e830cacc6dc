// One run of round trips through a column.

import { availableParallelism } from "node:os";
import type { Column } from "./column.js";
import { nextRun } from "./run-number.js";
import { startTiedProcess } from "./traffic-process.js";

export interface PingOutcome {
	readonly p50Us: number;
	readonly p99Us: number;
	readonly count: number;
	readonly lost: number;
}

const START_DEADLINE_MS = 25_000;
const END_DEADLINE_MS = 40_000;

/**
 * The two ends never share a core, as on two hosts. Left alone, the scheduler puts both on one core in some runs and
 * not in others, and plain UDP's round trip is 25 or 80 µs by that chance.
 */
const PINGER_CORE = 0;
const SINK_CORE = 1;

export async function runPing(
	column: Column,
	plan: { readonly sizeBytes: number; readonly seconds: number },
): Promise<PingOutcome> {
	const run = nextRun();
	const { sizeBytes, seconds } = plan;
	const cores = availableParallelism();
	const sink = startTiedProcess(column.lab.server, {
		name: "sink",
		core: SINK_CORE % cores,
		settings: {
			run,
			bind: column.sinkBind,
			sizeBytes,
			flows: 1,
			usesGro: false,
		},
	});
	try {
		await sink.line("ready", START_DEADLINE_MS);
		const pinger = startTiedProcess(column.lab.client, {
			name: "pinger",
			core: PINGER_CORE,
			settings: { run, target: column.target, sizeBytes, seconds },
		});
		try {
			return await pinger.line("round-trips", END_DEADLINE_MS);
		} finally {
			await pinger.process.stop();
		}
	} finally {
		await sink.process.stop();
	}
}

// One run of round trips through a column.

import type { Column } from "./column.js";
import { nextRun } from "./run-number.js";
import { startTrafficProcess } from "./traffic-process.js";

export interface PingOutcome {
	readonly p50Us: number;
	readonly p99Us: number;
	readonly count: number;
	readonly lost: number;
}

const START_DEADLINE_MS = 25_000;
const END_DEADLINE_MS = 40_000;

export async function runPing(
	column: Column,
	plan: { readonly sizeBytes: number; readonly seconds: number },
): Promise<PingOutcome> {
	const run = nextRun();
	const { sizeBytes, seconds } = plan;
	const sink = startTrafficProcess(column.lab.server, "sink", {
		run,
		bind: column.sinkBind,
		sizeBytes,
		flows: 1,
		usesGro: false,
	});
	try {
		await sink.line("ready", START_DEADLINE_MS);
		const pinger = startTrafficProcess(column.lab.client, "pinger", {
			run,
			target: column.target,
			sizeBytes,
			seconds,
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

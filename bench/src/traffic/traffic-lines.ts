// The lines that generator, sink and pinger print for whoever started them: one JSON object each.

import type { Arrivals } from "./flow-ledger.js";

export interface GeneratorReport {
	readonly event: "sent";
	readonly sent: number;
	/** Refused by the sending socket; not in `sent`. */
	readonly notTaken: number;
	readonly startMs: number;
	readonly endMs: number;
	/** CPU time of the generator between the two. */
	readonly cpuMs: number;
}

export type TrafficLine =
	/** The sockets are open. */
	| { readonly event: "ready"; readonly usesGro: boolean }
	/** Every flow has had its first answer. */
	| { readonly event: "open"; readonly tookMs: number }
	| { readonly event: "starting" }
	| GeneratorReport
	| ({ readonly event: "arrivals"; readonly cpuMs: number } & Arrivals)
	| {
			readonly event: "round-trips";
			readonly count: number;
			readonly lost: number;
			readonly p50Us: number;
			readonly p99Us: number;
	  }
	| { readonly event: "gave-up"; readonly reason: string };

export function printLine(line: TrafficLine): void {
	process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Milliseconds of CLOCK_MONOTONIC, the same in every process of this machine. */
export function monotonicMs(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1_000 + nanoseconds / 1e6;
}

/** CPU time of this process so far, user and system. */
export function ownCpuMs(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1_000;
}

// Reads our daemon's JSON log lines: what happened, and the counters it gives at its end.

import { z } from "zod";
import type { LabProcess } from "../netlab/lab-process.js";

const logLine = z.looseObject({ event: z.string().optional() });
type LogLine = z.infer<typeof logLine>;

/** Lines that are JSON objects; others (a crash, say) are left out. */
function logLines(running: LabProcess): LogLine[] {
	return `${running.stdout()}\n${running.stderr()}`
		.split("\n")
		.filter((line) => line.startsWith("{"))
		.flatMap((line) => {
			try {
				return [logLine.parse(JSON.parse(line))];
			} catch {
				// Cut in the middle: the rest has not come yet.
				return [];
			}
		});
}

/** How many lines have this event, and these fields when given. */
export function countLogged(
	running: LabProcess,
	event: string,
	fields: Readonly<Record<string, unknown>> = {},
): number {
	return logLines(running).filter(
		(line) =>
			line.event === event &&
			Object.entries(fields).every(([name, wanted]) => line[name] === wanted),
	).length;
}

const counts = z.record(z.string(), z.number()).readonly();
/** The totals that a daemon logs when it stops; `drops` has every drop reason by name. */
const finalCountersLine = z.object({
	engine: counts,
	io: counts,
	drops: counts,
});
export type FinalCounters = Readonly<z.infer<typeof finalCountersLine>>;

/** @throws Error when the daemon said nothing of the kind. */
export function finalCounters(running: LabProcess): FinalCounters {
	const line = logLines(running).findLast(
		({ event }) => event === "final-counters",
	);
	if (line === undefined)
		throw new Error(`no final counters in:\n${running.stdout()}`);
	return finalCountersLine.parse(line);
}

/** Drop reasons that count user datagrams which came from the application. */
const FROM_APPLICATION: readonly string[] = [
	"empty-datagram",
	"oversize-datagram",
	"pending-full",
	"handshake-failed",
	"flow-closed",
	"no-flow-slot",
	"no-free-port",
	"tun-queue-full",
	"tun-down",
	"tun-write-failed",
	"tunnel-stopping",
];
/** Drop reasons that count user datagrams on their way to the application: their packet counts as delivered. */
const TO_APPLICATION: readonly string[] = [
	"udp-queue-full",
	"udp-too-big",
	"udp-send-failed",
];

function sumOf(counters: FinalCounters, names: readonly string[]): number {
	return names.reduce((sum, name) => sum + (counters.drops[name] ?? 0), 0);
}

/** User datagrams that the daemon discarded for a reason it counts, on one of its two sides. */
export function datagramsDropped(
	counters: FinalCounters,
	side: "from-application" | "to-application",
): number {
	return sumOf(
		counters,
		side === "from-application" ? FROM_APPLICATION : TO_APPLICATION,
	);
}

/** Packets read from the TUN that the daemon discarded for a reason it counts. */
export function packetsDropped(counters: FinalCounters): number {
	const others = [...FROM_APPLICATION, ...TO_APPLICATION];
	return sumOf(
		counters,
		Object.keys(counters.drops).filter((name) => !others.includes(name)),
	);
}

/** Packets read from the TUN that are in no counter, or (negative) in more than one. */
export function packetsNotAccountedFor(counters: FinalCounters): number {
	const { engine } = counters;
	return (
		(engine.packetsReceived ?? 0) -
		(engine.packetsDelivered ?? 0) -
		(engine.packetsConsumed ?? 0) -
		(engine.packetsReassembled ?? 0) -
		(engine.packetsTakenAsEvidence ?? 0) -
		packetsDropped(counters)
	);
}

/** Datagrams read from the application that were neither sent nor dropped for a reason, or (negative) both. */
export function datagramsNotAccountedFor(counters: FinalCounters): number {
	const { engine, io } = counters;
	return (
		(io.udpDatagramsReceived ?? 0) -
		(engine.segmentsSent ?? 0) -
		sumOf(counters, FROM_APPLICATION)
	);
}

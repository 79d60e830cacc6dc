// What two builds are compared by: CPU per Gbit at a fixed rate, goodput of each sender, small datagrams.

import {
	SENDERS,
	type StreamOutcome,
	type StreamPlan,
} from "../lab/stream-run.js";
import { UNITS, type Unit } from "../report/figure.js";

export interface Measure {
	readonly title: string;
	readonly unit: Unit;
	/** Which way is worse. */
	readonly worseWhen: "higher" | "lower";
	/** Whether the run's own spread may widen what is allowed. */
	readonly allowsSpread: boolean;
	readonly plan: Omit<StreamPlan, "seconds">;
	pick(outcome: StreamOutcome): number;
}

const BULK_BYTES = 1_400;
const SMALL_BYTES = 100;
/** 224 Mbit/s: far below what either build can carry, so that both do the same work. */
const FIXED_RATE = 20_000;

const gigabits = (outcome: StreamOutcome) => outcome.goodputBitsPerSecond / 1e9;

function goodputOf(sender: StreamPlan["sender"]): Measure {
	return {
		title: `Goodput, 1,400 B, ${sender.title}`,
		unit: UNITS.gigabits,
		worseWhen: "lower",
		allowsSpread: true,
		plan: { sender, sizeBytes: BULK_BYTES },
		pick: gigabits,
	};
}

export const MEASURES: readonly Measure[] = [
	{
		title: `CPU of both daemons per Gbit, ${FIXED_RATE.toLocaleString("en-US")} datagrams/s of 1,400 B, one send each`,
		unit: UNITS.cpuPerGigabit,
		worseWhen: "higher",
		allowsSpread: false,
		plan: { sender: SENDERS.send, sizeBytes: BULK_BYTES, rate: FIXED_RATE },
		pick: (outcome) =>
			(outcome.daemonUserMs + outcome.daemonSystemMs) / outcome.receivedGbit,
	},
	goodputOf(SENDERS.send),
	goodputOf(SENDERS.sendmmsg),
	goodputOf(SENDERS.segment),
	{
		title: "Datagrams of 100 B, one send each",
		unit: UNITS.thousandsPerSecond,
		worseWhen: "lower",
		allowsSpread: true,
		plan: { sender: SENDERS.send, sizeBytes: SMALL_BYTES },
		pick: (outcome) => outcome.datagramsPerSecond / 1_000,
	},
];

// 1,000 flows against one flow: with bursts of 16 per flow, and strictly round robin.

import type { Column } from "../lab/column.js";
import type { ColumnName } from "../lab/column-names.js";
import {
	runStream,
	SENDERS,
	type Sender,
	type StreamOutcome,
} from "../lab/stream-run.js";
import { type Figure, UNITS } from "../report/figure.js";
import { ratios, spreadOf } from "../report/spread.js";
import { BULK_BYTES } from "./goodput.js";
import { cellsOf, interleave, type SeriesByColumn } from "./interleave.js";
import type { Row, RowContext } from "./row.js";

const FLOWS = 1_000;
const NAMES: readonly ColumnName[] = ["ours", "stock", "plain"];

interface FlowsCase {
	readonly title: string;
	readonly sender: Sender;
	readonly goal: number;
	readonly isInShort: boolean;
}

const CASES: readonly FlowsCase[] = [
	{
		title: "bursts of 16 per flow",
		sender: {
			title: "sendmmsg, 16 messages",
			datagramsPerCall: 16,
			usesSegmentation: false,
		},
		goal: 0.7,
		isInShort: true,
	},
	{
		title: "strictly round robin",
		sender: SENDERS.send,
		goal: 0.4,
		isInShort: false,
	},
];

interface Pair {
	readonly one: StreamOutcome;
	readonly many: StreamOutcome;
}

async function measure(
	context: RowContext,
	sender: Sender,
): Promise<SeriesByColumn<Pair>> {
	const plan = {
		sender,
		sizeBytes: BULK_BYTES,
		seconds: context.effort.secondsPerRun,
	};
	const runPair = async (column: Column): Promise<Pair> => ({
		one: await runStream(column, plan),
		many: await runStream(column, { ...plan, flows: FLOWS }),
	});
	const names = context.effort.isShort ? NAMES.slice(0, 1) : NAMES;
	return interleave(context, names, runPair);
}

const gigabits = (outcome: StreamOutcome) => outcome.goodputBitsPerSecond / 1e9;

function figuresOf(
	one: FlowsCase,
	series: SeriesByColumn<Pair>,
): readonly Figure[] {
	const ours = series.get("ours");
	const found = ratios(
		(ours?.samples ?? []).map((pair) => gigabits(pair.many)),
		(ours?.samples ?? []).map((pair) => gigabits(pair.one)),
	);
	const carried = [...series]
		.filter(([, { samples }]) => samples.length > 0)
		.map(
			([name, { samples }]) =>
				`${name} ${Math.min(...samples.map((pair) => pair.many.flows))}`,
		);
	const shared = { unit: UNITS.gigabits, sinkUsesGro: false };
	return [
		{
			...shared,
			title: `One flow, ${one.sender.title}`,
			cells: cellsOf(series, (pair) => gigabits(pair.one)),
			verdicts: [],
			notes: [],
		},
		{
			...shared,
			title: `1,000 flows, ${one.title}, ${one.sender.title}`,
			cells: cellsOf(series, (pair) => gigabits(pair.many)),
			verdicts: [
				{
					claim: {
						title: `1,000 flows against one, ${one.title}`,
						unit: UNITS.ratio,
						direction: "at-least",
						goal: one.goal,
						floor: one.goal,
						alarm: one.goal / 3,
					},
					measured: found.length === 0 ? null : spreadOf(found),
					...(ours?.failed ? { reason: ours.failed, isFailed: true } : {}),
				},
			],
			notes: [
				`Flows of which at least one datagram arrived, in the worst run: ${carried.join(", ")}.`,
			],
		},
	];
}

export const manyFlows: Row = {
	name: "flows",
	isInShort: true,
	perLinkProfile: true,
	run: async (context) => {
		const figures: Figure[] = [];
		for (const one of CASES) {
			if (context.effort.isShort && !one.isInShort) continue;
			context.say(`1,000 flows, ${one.title} …`);
			figures.push(...figuresOf(one, await measure(context, one.sender)));
		}
		return figures;
	},
};

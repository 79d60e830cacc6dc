// Goodput of 1,400-byte datagrams, unthrottled, with each of the three senders.

import { COLUMN_NAMES } from "../lab/column-names.js";
import {
	runStream,
	SENDERS,
	type Sender,
	type StreamOutcome,
} from "../lab/stream-run.js";
import { type Claim, type Figure, UNITS } from "../report/figure.js";
import { spreadOf } from "../report/spread.js";
import {
	cellsOf,
	interleave,
	judgeRatio,
	type SeriesByColumn,
} from "./interleave.js";
import { noiseNote } from "./noise-note.js";
import type { Row, RowContext } from "./row.js";

export const BULK_BYTES = 1_400;

interface GoodputCase {
	readonly sender: Sender;
	readonly sinkUsesGro: boolean;
	/** Against stock; null where performance.md sets no goal. */
	readonly against: { readonly goal: number; readonly floor: number } | null;
}

const CASES: readonly GoodputCase[] = [
	{
		sender: SENDERS.send,
		sinkUsesGro: false,
		against: { goal: 3.5, floor: 3 },
	},
	{
		sender: SENDERS.sendmmsg,
		sinkUsesGro: false,
		against: { goal: 4, floor: 3.5 },
	},
	{
		sender: SENDERS.segment,
		sinkUsesGro: false,
		against: { goal: 8, floor: 7 },
	},
	{ sender: SENDERS.segment, sinkUsesGro: true, against: null },
];

/** A short run on a busy machine may lose half; what loses more is broken. */
const ALARM_SHARE_OF_FLOOR = 0.5;

function claimFor({ sender, against }: GoodputCase): Claim | null {
	if (against === null) return null;
	return {
		title: `goodput against stock, ${sender.title}`,
		unit: UNITS.ratio,
		direction: "at-least",
		...against,
		alarm: against.floor * ALARM_SHARE_OF_FLOOR,
	};
}

async function measure(
	context: RowContext,
	one: GoodputCase,
): Promise<SeriesByColumn<StreamOutcome>> {
	const names = context.effort.isShort
		? COLUMN_NAMES.slice(0, 3)
		: COLUMN_NAMES;
	return interleave(context, names, (column) =>
		runStream(column, {
			sender: one.sender,
			sizeBytes: BULK_BYTES,
			seconds: context.effort.secondsPerRun,
			sinkUsesGro: one.sinkUsesGro,
		}),
	);
}

function lossNote(series: SeriesByColumn<StreamOutcome>): string {
	const parts = [...series]
		.filter(([, { samples }]) => samples.length > 0)
		.map(([name, { samples }]) => {
			const loss = spreadOf(samples.map((sample) => sample.loss)).median;
			return `${name} ${(loss * 100).toFixed(0)} %`;
		});
	return `Lost of what the generator sent (it does not wait for anybody): ${parts.join(", ")}.`;
}

const FAULTS = [
	["reordered", "out of order"],
	["doubled", "doubled or more than 1,024 late"],
	["wrongSize", "of wrong size"],
	["foreign", "left over from an earlier run"],
] as const;

function faultNotes(series: SeriesByColumn<StreamOutcome>): string[] {
	return [...series].flatMap(([name, { samples }]) => {
		const found = FAULTS.map(([key, text]) => ({
			text,
			count: samples.reduce((sum, sample) => sum + sample[key], 0),
		})).filter(({ count }) => count > 0);
		if (found.length === 0) return [];
		const parts = found.map(({ count, text }) => `${count} ${text}`);
		return [`${name}: ${parts.join(", ")}.`];
	});
}

export const goodput: Row = {
	name: "goodput",
	isInShort: true,
	perLinkProfile: true,
	run: async (context) => {
		const figures: Figure[] = [];
		for (const one of CASES) {
			if (context.effort.isShort && one.against === null) continue;
			const sink = one.sinkUsesGro ? ", UDP_GRO sink" : "";
			context.say(`goodput, ${one.sender.title}${sink} …`);
			const series = await measure(context, one);
			for (const [name, { samples }] of series)
				if (samples.length > 0 && !one.sinkUsesGro)
					context.rememberMaximum(
						name,
						one.sender,
						spreadOf(samples.map((sample) => sample.datagramsPerSecond)).median,
					);
			const claim = claimFor(one);
			const pick = (sample: StreamOutcome) => sample.goodputBitsPerSecond / 1e9;
			figures.push({
				title: `Goodput, ${one.sender.title}`,
				unit: UNITS.gigabits,
				sinkUsesGro: one.sinkUsesGro,
				cells: cellsOf(series, pick),
				verdicts:
					claim === null
						? []
						: [judgeRatio({ claim, series, of: "ours", to: "stock", pick })],
				notes: [lossNote(series), ...faultNotes(series), noiseNote(series)],
			});
		}
		return figures;
	},
};

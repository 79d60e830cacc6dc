// Datagrams per second of 100 bytes, one send each: what each datagram costs, whatever its size.

import { COLUMN_NAMES } from "../lab/column-names.js";
import { runStream, SENDERS } from "../lab/stream-run.js";
import { UNITS } from "../report/figure.js";
import { cellsOf, interleave, judgeRatio } from "./interleave.js";
import { noiseNote } from "./noise-note.js";
import type { Row } from "./row.js";

const SMALL_BYTES = 100;

export const smallDatagrams: Row = {
	name: "small",
	isInShort: true,
	perLinkProfile: true,
	run: async (context) => {
		context.say(`datagrams of ${SMALL_BYTES} bytes, one send each …`);
		const names = context.effort.isShort
			? COLUMN_NAMES.slice(0, 2)
			: COLUMN_NAMES;
		const series = await interleave(context, names, (column) =>
			runStream(column, {
				sender: SENDERS.send,
				sizeBytes: SMALL_BYTES,
				seconds: context.effort.secondsPerRun,
			}),
		);
		const pick = (sample: { readonly datagramsPerSecond: number }) =>
			sample.datagramsPerSecond / 1_000;
		return [
			{
				title: "Datagrams of 100 B, one send each",
				unit: UNITS.thousandsPerSecond,
				sinkUsesGro: false,
				cells: cellsOf(series, pick),
				verdicts: [
					judgeRatio({
						claim: {
							title: "datagrams/s of 100 B against stock",
							unit: UNITS.ratio,
							direction: "at-least",
							goal: 3,
							floor: 3,
							alarm: 1.5,
						},
						series,
						of: "ours",
						to: "stock",
						pick,
					}),
				],
				notes: [noiseNote(series)],
			},
		];
	},
};

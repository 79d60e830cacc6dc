// Round trips of 100 bytes, one under way at a time, against plain UDP.

import { COLUMN_NAMES } from "../lab/column-names.js";
import { type PingOutcome, runPing } from "../lab/ping-run.js";
import { type Claim, type Figure, UNITS } from "../report/figure.js";
import { cellsOf, interleave, judgeRatio } from "./interleave.js";
import type { Row } from "./row.js";

const PING_BYTES = 100;

interface RoundTripCase {
	readonly title: string;
	readonly pick: (sample: PingOutcome) => number;
	readonly claim: Pick<Claim, "goal" | "floor" | "alarm">;
}

/** No alarms: on a machine that others use, who waits for a core how long is mostly their doing. */
const CASES: readonly RoundTripCase[] = [
	{
		title: "p50",
		pick: ({ p50Us }) => p50Us,
		claim: { goal: 1, floor: 1.5, alarm: null },
	},
	{
		title: "p99",
		pick: ({ p99Us }) => p99Us,
		claim: { goal: 2, floor: 3, alarm: null },
	},
];

export const roundTrip: Row = {
	name: "round-trip",
	isInShort: true,
	perLinkProfile: true,
	run: async (context) => {
		context.say(`round trips of ${PING_BYTES} bytes …`);
		const names = context.effort.isShort
			? COLUMN_NAMES.slice(0, 3)
			: COLUMN_NAMES;
		const series = await interleave(context, names, (column) =>
			runPing(column, {
				sizeBytes: PING_BYTES,
				seconds: context.effort.secondsPerRun,
			}),
		);
		const lost = [...series]
			.map(([name, { samples }]) => ({
				name,
				lost: samples.reduce((sum, sample) => sum + sample.lost, 0),
			}))
			.filter((one) => one.lost > 0)
			.map((one) => `${one.name}: ${one.lost} without an answer in 200 ms.`);
		return CASES.map(
			({ title, pick, claim }): Figure => ({
				title: `Round trip ${title}, 100 B, one under way`,
				unit: UNITS.microseconds,
				sinkUsesGro: false,
				cells: cellsOf(series, pick),
				verdicts: [
					judgeRatio({
						claim: {
							title: `added round trip ${title}, in plain UDP's own`,
							unit: UNITS.ratio,
							direction: "at-most",
							...claim,
						},
						series,
						of: "ours",
						to: "plain",
						pick,
						less: 1,
					}),
				],
				notes: title === "p50" ? lost : [],
			}),
		);
	},
};

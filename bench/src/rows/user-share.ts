// The share of the daemons' CPU spent in user mode while carrying bulk: what the JavaScript costs, as against the kernel.

import { runStream, SENDERS, type StreamOutcome } from "../lab/stream-run.js";
import { type Figure, UNITS } from "../report/figure.js";
import { spreadOf } from "../report/spread.js";
import { BULK_BYTES } from "./goodput.js";
import { cellsOf, interleave } from "./interleave.js";
import { noiseNote } from "./noise-note.js";
import type { Row } from "./row.js";

const WIDE_UNIT = { ...UNITS.percent, digits: 1 };

const userPercent = ({ daemonUserMs, daemonSystemMs }: StreamOutcome) =>
	(100 * daemonUserMs) / (daemonUserMs + daemonSystemMs);

export const userShare: Row = {
	name: "user-share",
	isInShort: false,
	perLinkProfile: true,
	run: async (context) => {
		const figures: Figure[] = [];
		for (const sender of [SENDERS.send, SENDERS.segment]) {
			context.say(`user-mode share, ${sender.title} …`);
			const column = await context.column("ours");
			const plan = {
				sender,
				sizeBytes: BULK_BYTES,
				seconds: context.effort.secondsPerRun,
				sinkUsesGro: sender.usesSegmentation,
			};
			// Compilation of hot code belongs to the first second of a daemon's life, not to bulk.
			await runStream(column, plan);
			const series = await interleave(context, ["ours", "stock"], (one) =>
				runStream(one, plan),
			);
			const samples = series.get("ours")?.samples ?? [];
			figures.push({
				title: `User-mode share of the daemons' CPU, ${sender.title}`,
				unit: WIDE_UNIT,
				sinkUsesGro: plan.sinkUsesGro,
				cells: cellsOf(series, userPercent),
				verdicts: [
					{
						claim: {
							title: `user-mode share in bulk, ${sender.title}`,
							unit: WIDE_UNIT,
							direction: "at-most",
							goal: 20,
							floor: 20,
							alarm: null,
						},
						measured:
							samples.length === 0 ? null : spreadOf(samples.map(userPercent)),
					},
				],
				notes: [noiseNote(series)],
			});
		}
		return figures;
	},
};

// CPU per Gbit at a rate that stock Phantun can carry too: 60 % of its own maximum.

import type { ColumnName } from "../lab/column-names.js";
import { runStream, SENDERS, type StreamOutcome } from "../lab/stream-run.js";
import { UNITS } from "../report/figure.js";
import { BULK_BYTES } from "./goodput.js";
import { cellsOf, interleave, judgeRatio } from "./interleave.js";
import { noiseNote } from "./noise-note.js";
import type { Row } from "./row.js";

const SHARE_OF_MAXIMUM = 0.6;
const NAMES: readonly ColumnName[] = ["ours", "stock", "plain"];

const daemonsPerGbit = (sample: StreamOutcome) =>
	(sample.daemonUserMs + sample.daemonSystemMs) / sample.receivedGbit;
const machinePerGbit = (sample: StreamOutcome) =>
	sample.machineBusyMs / sample.receivedGbit;

export const cpuCost: Row = {
	name: "cpu",
	isInShort: false,
	perLinkProfile: true,
	run: async (context) => {
		const reason = context.whyNot("stock");
		const rate =
			reason === null
				? SHARE_OF_MAXIMUM * (await context.maximum("stock", SENDERS.send))
				: SHARE_OF_MAXIMUM * 50_000;
		context.say(`CPU per Gbit at ${rate.toFixed(0)} datagrams/s …`);
		const series = await interleave(context, NAMES, (column) =>
			runStream(column, {
				sender: SENDERS.send,
				sizeBytes: BULK_BYTES,
				seconds: context.effort.secondsPerRun,
				rate,
			}),
		);
		const claim = {
			title: "CPU per Gbit against stock, both daemons",
			unit: UNITS.ratio,
			direction: "at-most",
			goal: 1 / 3,
			floor: 1 / 3,
			alarm: 1,
		} as const;
		// Plain UDP has no daemon: there is nothing to show.
		const { plain: _plain, ...daemonCells } = cellsOf(series, daemonsPerGbit);
		const shared = { unit: UNITS.cpuPerGigabit, sinkUsesGro: false };
		const title = `CPU per Gbit at ${rate.toFixed(0)} datagrams/s of 1,400 B, one send each`;
		return [
			{
				...shared,
				title: `${title}: both daemons`,
				cells: daemonCells,
				verdicts: [
					judgeRatio({
						claim,
						series,
						of: "ours",
						to: "stock",
						pick: daemonsPerGbit,
					}),
				],
				notes: [
					"utime and stime of the daemons with all threads (/proc/<pid>/stat). The kernel charges forwarding and delivery to whoever runs when a packet is handed over, so part of it appears only in the next line.",
				],
			},
			{
				...shared,
				title: `${title}: the whole machine`,
				cells: cellsOf(series, machinePerGbit),
				verdicts: [],
				notes: [
					"/proc/stat without idle time: generator, sink and strangers included.",
					noiseNote(series),
				],
			},
		];
	},
};

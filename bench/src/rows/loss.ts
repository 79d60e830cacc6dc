// Loss at half of each column's own maximum: a tunnel that is not at its limit loses nothing.

import type { ColumnName } from "../lab/column-names.js";
import { runStream, SENDERS } from "../lab/stream-run.js";
import { type Cell, type Figure, UNITS } from "../report/figure.js";
import { firstLineOf } from "../report/first-line.js";
import { spreadOf } from "../report/spread.js";
import { BULK_BYTES } from "./goodput.js";
import type { Row, RowContext } from "./row.js";

const SHARE_OF_MAXIMUM = 0.5;
const NAMES: readonly ColumnName[] = ["ours", "stock", "plain"];

interface LossOutcome {
	readonly cell: Cell;
	readonly note: string;
}

async function measure(
	context: RowContext,
	name: ColumnName,
): Promise<LossOutcome> {
	const reason = context.whyNot(name);
	if (reason !== null) return { cell: { kind: "not-run", reason }, note: "" };
	try {
		const maximum = await context.maximum(name, SENDERS.send);
		const outcome = await runStream(await context.column(name), {
			sender: SENDERS.send,
			sizeBytes: BULK_BYTES,
			seconds: context.effort.lossSeconds,
			rate: maximum * SHARE_OF_MAXIMUM,
		});
		const lost = outcome.sent - outcome.received;
		return {
			cell: { kind: "measured", spread: spreadOf([outcome.loss * 100]) },
			note: `${name}: ${lost} of ${outcome.sent.toLocaleString("en-US")} lost at ${(maximum * SHARE_OF_MAXIMUM).toFixed(0)} datagrams/s.`,
		};
	} catch (error) {
		return { cell: { kind: "failed", reason: firstLineOf(error) }, note: "" };
	}
}

export const loss: Row = {
	name: "loss",
	isInShort: true,
	perLinkProfile: true,
	run: async (context) => {
		const { lossSeconds, isShort } = context.effort;
		context.say(`loss at half of the maximum, ${lossSeconds} s …`);
		const cells: Partial<Record<ColumnName, Cell>> = {};
		const notes: string[] = [];
		for (const name of isShort ? NAMES.slice(0, 1) : NAMES) {
			const { cell, note } = await measure(context, name);
			cells[name] = cell;
			if (note !== "") notes.push(note);
		}
		const { ours } = cells;
		const figure: Figure = {
			title: `Loss at 50 % of own maximum, ${lossSeconds} s, 1,400 B, one send each`,
			unit: UNITS.percent,
			sinkUsesGro: false,
			cells,
			verdicts: [
				{
					claim: {
						title: `loss at 50 % of own maximum, ${lossSeconds} s`,
						unit: UNITS.percent,
						direction: "at-most",
						goal: 0,
						floor: 0,
						// The maximum was found in one minute, the loss in the next: others may have come in between.
						alarm: null,
					},
					measured: ours?.kind === "measured" ? ours.spread : null,
					...(ours?.kind === "failed"
						? { reason: ours.reason, isFailed: true }
						: {}),
				},
			],
			notes,
		};
		return [figure];
	},
};

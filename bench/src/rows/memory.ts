// Resident memory of a headless tunnel: idle after its start, and at full rate.

import { residentBytes, waitUntil } from "@tunscope/e2e/netlab";
import { openColumn } from "../lab/column.js";
import type { ColumnName } from "../lab/column-names.js";
import { runStream, SENDERS } from "../lab/stream-run.js";
import { type Cell, type Claim, type Figure, UNITS } from "../report/figure.js";
import { spreadOf } from "../report/spread.js";
import { BULK_BYTES } from "./goodput.js";
import type { Row, RowContext } from "./row.js";

const NAMES: readonly ColumnName[] = ["ours", "stock"];
const MEBIBYTE = 1_048_576;
/** V8 gives back what the start needed about 8 s after the last thing that happened. */
const SETTLE_MS = 12_000;
/** Small messages first, then large ones: the order that makes a receiver touch the most memory. */
const FULL_RATE_SENDERS = [SENDERS.sendmmsg, SENDERS.segment] as const;

interface Memory {
	readonly idleMib: number;
	readonly fullMib: number;
}

async function measure(context: RowContext, name: ColumnName): Promise<Memory> {
	const column = await openColumn(name, context.kinds, context.linkProfile);
	try {
		const startedMs = performance.now();
		await waitUntil(() => performance.now() - startedMs > SETTLE_MS, {
			what: "a daemon at rest",
			deadlineMs: 2 * SETTLE_MS,
		});
		const idle = Math.max(...column.daemonPids.map(residentBytes));
		let full = 0;
		for (const sender of FULL_RATE_SENDERS) {
			const outcome = await runStream(column, {
				sender,
				sizeBytes: BULK_BYTES,
				seconds: context.effort.secondsPerRun,
				sinkUsesGro: true,
			});
			full = Math.max(full, outcome.peakResidentBytes);
		}
		return { idleMib: idle / MEBIBYTE, fullMib: full / MEBIBYTE };
	} finally {
		await column.close();
	}
}

async function measureAll(
	context: RowContext,
): Promise<ReadonlyMap<ColumnName, readonly Memory[]>> {
	const found = new Map<ColumnName, Memory[]>();
	for (let round = 0; round < context.effort.rounds; round += 1) {
		for (const name of NAMES) {
			if (context.whyNot(name) !== null) continue;
			const sample = await measure(context, name);
			found.set(name, [...(found.get(name) ?? []), sample]);
		}
	}
	return found;
}

const CASES: readonly {
	readonly title: string;
	readonly pick: (memory: Memory) => number;
	readonly claim: Pick<Claim, "goal" | "floor">;
}[] = [
	{
		title: "idle",
		pick: ({ idleMib }) => idleMib,
		claim: { goal: 70, floor: 70 },
	},
	{
		title: "at full rate",
		pick: ({ fullMib }) => fullMib,
		claim: { goal: 110, floor: 110 },
	},
];

export const memory: Row = {
	name: "memory",
	isInShort: false,
	perLinkProfile: false,
	run: async (context) => {
		context.say("resident memory …");
		const found = await measureAll(context);
		return CASES.map(({ title, pick, claim }): Figure => {
			const cells: Partial<Record<ColumnName, Cell>> = {};
			for (const name of NAMES) {
				const samples = found.get(name);
				cells[name] =
					samples === undefined
						? { kind: "not-run", reason: context.whyNot(name) ?? "no run" }
						: { kind: "measured", spread: spreadOf(samples.map(pick)) };
			}
			const { ours } = cells;
			return {
				title: `Resident memory, ${title}, larger end`,
				unit: UNITS.mebibytes,
				sinkUsesGro: title === "idle" ? null : true,
				cells,
				verdicts: [
					{
						claim: {
							title: `resident memory, ${title}`,
							unit: UNITS.mebibytes,
							direction: "at-most",
							...claim,
							alarm: null,
						},
						measured: ours?.kind === "measured" ? ours.spread : null,
					},
				],
				notes:
					title === "idle"
						? [
								`${SETTLE_MS / 1_000} s after both ends are ready, when V8 has given back what the start needed (before: about 7 MiB more); daemons started anew each time.`,
							]
						: ["Highest of sendmmsg batches followed by UDP_SEGMENT batches."],
			};
		});
	},
};

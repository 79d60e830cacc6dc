// Row 8: a flipped bit never reaches an application, and whoever stopped it has counted it.

import { describe, it } from "vitest";
import { FIND_KINDS_TIMEOUT_MS } from "../tunnel/available-kinds.js";
import { finalCounters, packetsDropped } from "../tunnel/daemon-log.js";
import {
	type ImpairedOutcome,
	type ImpairedRun,
	remarkOnUnread,
	runImpaired,
} from "./impaired-tunnel.js";
import {
	kindOfColumn,
	measureRow,
	type RowOutcome,
	whyNoColumn,
} from "./measure-row.js";
import { startRoutedTunnel } from "./routed-tunnel.js";
import { COLUMNS, isLongForm } from "./row-form.js";

const SEEDS = isLongForm ? [1, 2, 3, 4, 5] : [1];
const SECONDS = isLongForm ? 20 : 4;
const DATAGRAMS_PER_SECOND = 1_500;
const CASES = COLUMNS.flatMap((column) =>
	SEEDS.map((seed) => ({ column, seed })),
);

function planOf(run: Pick<ImpairedRun, "column" | "family" | "seed">) {
	return {
		...run,
		impairments: { corruptShare: 0.01 },
		sizes: { kind: "cycle", bytes: [1_200, 148, 600] },
		stream: {
			count: DATAGRAMS_PER_SECOND * SECONDS,
			rate: DATAGRAMS_PER_SECOND,
			unit: "datagrams",
		},
	} as const satisfies ImpairedRun;
}

/** @param counted by whoever had to notice. */
function judge(
	outcome: ImpairedOutcome,
	counted: number,
	counter: string,
): RowOutcome {
	const { up, down } = outcome;
	const corrupted = up.ledger.corrupted + down.ledger.corrupted;
	const delivered = [up, down]
		.map(({ verdict }) => verdict.corrupted + verdict.unattributed)
		.reduce((sum, corrupt) => sum + corrupt);
	const lost = up.verdict.lost + down.verdict.lost;
	return {
		measured: `${corrupted} segments corrupted, ${delivered} corrupt datagrams delivered, ${counted} ${counter}, ${lost} datagrams missing`,
		isMet: delivered === 0 && counted === corrupted && lost <= corrupted,
		...remarkOnUnread(outcome),
	};
}

describe.each(CASES)("$column, seed $seed", ({ column, seed }) => {
	const seedText = SEEDS.length > 1 ? `, seed ${seed}` : "";
	const families = isLongForm ? ([4, 6] as const) : ([4] as const);

	it.for(families)(
		"behind conntrack, IPv%d: the hosts' conntrack calls each INVALID",
		{ timeout: FIND_KINDS_TIMEOUT_MS },
		async (family, context) => {
			const reason = await whyNoColumn(column);
			if (reason !== null) return context.skip(reason);
			await measureRow(
				{
					row: 8,
					title: `1 % of segments, behind conntrack, IPv${family}${seedText}`,
					criterion: "0 corrupt delivered; INVALID = corrupted",
					column,
					seed,
				},
				async () => {
					const outcome = await runImpaired(planOf({ column, family, seed }));
					return judge(outcome, outcome.invalid, "INVALID");
				},
			);
		},
	);

	it(
		"without conntrack: the program itself drops and counts each",
		async (context) => {
			const reason = await whyNoColumn(column);
			if (reason !== null) return context.skip(reason);
			const kind = await kindOfColumn(column);
			await measureRow(
				{
					row: 8,
					title: `1 % of segments, routed and untracked, IPv4${seedText}`,
					criterion: "0 corrupt delivered; dropped by reason = corrupted",
					column,
					seed,
				},
				async () => {
					const run = planOf({ column, family: 4, seed });
					const outcome = await runImpaired(run, (lab) =>
						startRoutedTunnel(lab, kind),
					);
					// Stock counts nothing.
					const counted = column === "ours" ? dropsOf(outcome) : 0;
					return judge(outcome, counted, "in drop counters");
				},
			);
		},
		FIND_KINDS_TIMEOUT_MS,
	);
});

function dropsOf({ tunnel }: ImpairedOutcome): number {
	return [tunnel.client, tunnel.server]
		.map((end) => finalCounters(end.process))
		.map(
			(counters) =>
				packetsDropped(counters) - (counters.drops["link-local-chatter"] ?? 0),
		)
		.reduce((sum, dropped) => sum + dropped);
}

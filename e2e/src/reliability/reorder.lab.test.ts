// Row 7: what arrives reordered, twice and unevenly is delivered just so, and disturbs no flow.

import { describe, it } from "vitest";
import { FIND_KINDS_TIMEOUT_MS } from "../tunnel/available-kinds.js";
import {
	type ImpairedDirection,
	remarkOnUnread,
	runImpaired,
} from "./impaired-tunnel.js";
import { measureRow, whyNoColumn } from "./measure-row.js";
import { COLUMNS, isLongForm } from "./row-form.js";

const IMPAIRMENTS = {
	delayMs: 50,
	jitterMs: 30,
	duplicateShare: 0.05,
	reorder: { share: 0.25, byMs: 5 },
} as const;
const SEEDS = isLongForm ? [1, 2, 3, 4, 5] : [1];
const FAMILIES = isLongForm ? ([4, 6] as const) : ([4] as const);
const SECONDS = isLongForm ? 20 : 4;
const DATAGRAMS_PER_SECOND = 1_000;

const CASES = COLUMNS.flatMap((column) =>
	FAMILIES.flatMap((family) => SEEDS.map((seed) => ({ column, family, seed }))),
);

/** The application saw what left the link: as many, as often, and as many behind a later one. */
function isAsTheLinkGaveIt({ verdict, ledger }: ImpairedDirection): boolean {
	const { received, duplicates, reordered } = verdict;
	return (
		ledger.watched?.received === received &&
		ledger.watched.duplicates === duplicates &&
		ledger.watched.reordered === reordered &&
		verdict.lost + verdict.corrupted + verdict.unattributed === 0
	);
}

function describeOrder({ verdict, ledger }: ImpairedDirection): string {
	const { received, duplicates, reordered } = verdict;
	const link = ledger.watched;
	return `${received} of ${verdict.sent} delivered, ${reordered} reordered, ${duplicates} twice (link ${link?.received}, ${link?.reordered}, ${link?.duplicates})`;
}

describe.each(CASES)(
	"$column, IPv$family, seed $seed",
	({ column, family, seed }) => {
		it(
			"delivers in the link's order, without a reset",
			async (context) => {
				const reason = await whyNoColumn(column);
				if (reason !== null) return context.skip(reason);
				const seedText = SEEDS.length > 1 ? `, seed ${seed}` : "";
				await measureRow(
					{
						row: 7,
						title: `25 % by 5 ms, 5 % twice, 50 ± 30 ms each way, IPv${family}${seedText}`,
						criterion:
							"all delivered, order and copies as they left the link; 0 flows closed; 0 RST on the wire",
						column,
						seed,
					},
					async () => {
						const outcome = await runImpaired({
							column,
							family,
							seed,
							impairments: IMPAIRMENTS,
							sizes: { kind: "cycle", bytes: [1_200, 148, 600] },
							stream: {
								count: DATAGRAMS_PER_SECOND * SECONDS,
								rate: DATAGRAMS_PER_SECOND,
								unit: "datagrams",
							},
						});
						const { up, down, resets, flowsClosed } = outcome;
						return {
							measured: `up ${describeOrder(up)}; down ${describeOrder(down)}; ${resets} RST, ${flowsClosed} flows closed`,
							isMet:
								isAsTheLinkGaveIt(up) &&
								isAsTheLinkGaveIt(down) &&
								resets + flowsClosed === 0,
							...remarkOnUnread(outcome),
						};
					},
				);
			},
			FIND_KINDS_TIMEOUT_MS,
		);
	},
);

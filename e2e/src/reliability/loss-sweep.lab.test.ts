// Row 6: of what the link does not lose, the tunnel loses nothing.

import { describe, it } from "vitest";
import { FIND_KINDS_TIMEOUT_MS } from "../tunnel/available-kinds.js";
import { startTunnel } from "../tunnel/tunnel-in-lab.js";
import {
	type ImpairedDirection,
	remarkOnUnread,
	runImpaired,
} from "./impaired-tunnel.js";
import { kindOfColumn, measureRow, whyNoColumn } from "./measure-row.js";
import { percent } from "./percent.js";
import { COLUMNS, isLongForm } from "./row-form.js";

const LOSSES = isLongForm ? [0, 0.001, 0.01, 0.05, 0.1, 0.3] : [0, 0.01, 0.1];
const SEEDS = isLongForm ? [1, 2, 3, 4, 5] : [1];
const FAMILIES = isLongForm ? ([4, 6] as const) : ([4] as const);
const SECONDS = isLongForm ? 10 : 3;
const DATAGRAMS_PER_SECOND = 1_500;
/** Percentage points between the tunnel's delivery and the link's. */
const MARGIN = 0.01;
const SIZES = { kind: "cycle", bytes: [1_400, 148, 600] } as const;

const CASES = COLUMNS.flatMap((column) =>
	FAMILIES.flatMap((family) =>
		LOSSES.flatMap((loss) =>
			SEEDS.map((seed) => ({ column, family, loss, seed })),
		),
	),
);

function isNear({ verdict, linkShare }: ImpairedDirection): boolean {
	return Math.abs(verdict.deliveredShare - linkShare) <= MARGIN;
}

function describeShares({ verdict, linkShare }: ImpairedDirection): string {
	return `${percent(verdict.deliveredShare)} (link ${percent(linkShare)})`;
}

describe.each(CASES)(
	"$column, IPv$family, loss $loss, seed $seed",
	({ column, family, loss, seed }) => {
		it(
			"delivers what the link delivers",
			async (context) => {
				const reason = await whyNoColumn(column);
				if (reason !== null) return context.skip(reason);
				const seedText = SEEDS.length > 1 ? `, seed ${seed}` : "";
				await measureRow(
					{
						row: 6,
						title: `${loss * 100} % loss each way, IPv${family}${seedText}`,
						criterion: "delivered = the link's delivery ± 1 pp; 0 corrupt",
						column,
						seed,
					},
					async () => {
						const outcome = await runImpaired({
							column,
							family,
							seed,
							impairments: { lossShare: loss },
							sizes: SIZES,
							stream: {
								count: DATAGRAMS_PER_SECOND * SECONDS,
								rate: DATAGRAMS_PER_SECOND,
								unit: "datagrams",
							},
						});
						const { up, down } = outcome;
						const corrupted = up.verdict.corrupted + down.verdict.corrupted;
						return {
							measured: `up ${describeShares(up)}, down ${describeShares(down)}`,
							isMet: isNear(up) && isNear(down) && corrupted === 0,
							...remarkOnUnread(outcome),
						};
					},
				);
			},
			FIND_KINDS_TIMEOUT_MS,
		);
	},
);

/** 4,000 bytes and a TCP header in pieces of 1,480 octets. */
const PIECES = 3;
const PIECED_BYTES = 4_000;
const PIECED_PER_SECOND = 400;
const FRAGMENT = ["--oversize", "fragment"];

/** What is left of datagrams that need all their pieces, at the loss that the link really made. */
function wholeShare({ ledger }: ImpairedDirection): number {
	return (1 - ledger.lost / ledger.entered) ** PIECES;
}

describe.each(LOSSES.filter((loss) => loss > 0).map((loss) => ({ loss })))(
	"ours, fragmented, loss $loss",
	({ loss }) => {
		it(
			"delivers every datagram whose pieces all came",
			() =>
				measureRow(
					{
						row: 6,
						title: `${loss * 100} % loss each way, IPv4, datagrams of ${PIECES} fragments`,
						criterion: `delivered ≥ (1 − p)^${PIECES} − 1 pp, p as the link lost; 0 corrupt`,
						column: "ours",
						seed: 1,
					},
					async () => {
						const kind = await kindOfColumn("ours");
						const { up, down } = await runImpaired(
							{
								column: "ours",
								family: 4,
								seed: 1,
								impairments: { lossShare: loss },
								sizes: { kind: "fixed", bytes: PIECED_BYTES },
								stream: {
									count: PIECED_PER_SECOND * SECONDS,
									rate: PIECED_PER_SECOND,
									unit: "datagrams",
								},
							},
							(lab) =>
								startTunnel(lab, {
									client: kind,
									server: kind,
									family: 4,
									clientArguments: FRAGMENT,
									serverArguments: FRAGMENT,
								}),
						);
						const both = [up, down];
						const text = both.map(
							(one) =>
								`${percent(one.verdict.deliveredShare)} (wanted ${percent(wholeShare(one) - MARGIN)})`,
						);
						return {
							measured: `up ${text[0]}, down ${text[1]}`,
							isMet: both.every(
								(one) =>
									one.verdict.corrupted === 0 &&
									one.verdict.deliveredShare >= wholeShare(one) - MARGIN,
							),
						};
					},
				),
			FIND_KINDS_TIMEOUT_MS,
		);
	},
);

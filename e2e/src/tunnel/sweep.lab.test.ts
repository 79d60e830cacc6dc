// Integrity sweep: every payload size from 1 byte to the limit, both ways at once, singles and trains, both families.

import { beforeAll, describe, expect, it } from "vitest";
import { withLab } from "../netlab/lab.js";
import { measureRow, whyNoColumn } from "../reliability/measure-row.js";
import { COLUMNS } from "../reliability/row-form.js";
import { recordRow } from "../reliability/scoreboard-record.js";
import {
	describeSweep,
	isPerfect,
	sweepRival,
} from "../reliability/sweep-rival.js";
import { runTraffic, type StreamPlan } from "../traffic/run-traffic.js";
import { datagramsPerRound, type SizePlan } from "../traffic/size-plan.js";
import { describeVerdict, type Verdict } from "../traffic/traffic-report.js";
import {
	type AvailableKinds,
	FIND_KINDS_TIMEOUT_MS,
	findKinds,
} from "./available-kinds.js";
import { describeKernelDrops } from "./kernel-drops.js";
import { measured } from "./measured.js";
import { startTunnel } from "./tunnel-in-lab.js";

let kinds: AvailableKinds;
beforeAll(async () => {
	kinds = await findKinds();
}, FIND_KINDS_TIMEOUT_MS);

/** Largest payload of one segment at a link MTU of 1500 (wire.md 4.1). */
const LIMIT_BYTES = { 4: 1460, 6: 1440 } as const;
/** Well under the capacity of two cores that carry everything. */
const DATAGRAMS_PER_SECOND = 5_000;
const SINGLES_ROUNDS = 3;
const TRAIN = 12;

const CASES = (["offload", "cut"] as const).flatMap((linkProfile) =>
	([4, 6] as const).map((family) => ({ linkProfile, family })),
);

const ROW = {
	row: 1,
	criterion:
		"1 to 1,460 (IPv6: 1,440) bytes, both ways: all delivered, none twice, reordered or corrupt",
	seed: null,
} as const;

const titleOf = (family: 4 | 6, linkProfile: string, name: string) =>
	`IPv${family}, link ${linkProfile}, ${name}`;

function plan(sizes: SizePlan, rounds: number, train: number): StreamPlan {
	return {
		count: datagramsPerRound(sizes) * rounds,
		rate: DATAGRAMS_PER_SECOND,
		unit: "datagrams",
		train,
	};
}

function expectPerfect(verdict: Verdict | null, count: number): void {
	expect(verdict?.flows[0]?.gaps ?? ["nothing"]).toEqual([]);
	expect(verdict).toMatchObject({
		sent: count,
		received: count,
		duplicates: 0,
		reordered: 0,
		corrupted: 0,
		unattributed: 0,
		overflowDrops: 0,
	});
}

describe.each(CASES)(
	"IPv$family, link $linkProfile",
	({ linkProfile, family }) => {
		it("delivers every size as sent, in order, both ways", async () => {
			await withLab({ shape: "with-router", linkProfile }, async (lab) => {
				const both = kinds.get("ours");
				const tunnel = await startTunnel(lab, {
					client: both,
					server: both,
					family,
				});
				const sweep = {
					kind: "sweep",
					from: 1,
					to: LIMIT_BYTES[family],
				} as const;
				const runs = [
					{ name: "singles", repeat: 1, rounds: SINGLES_ROUNDS, train: 1 },
					{ name: "trains", repeat: TRAIN, rounds: 1, train: TRAIN },
				] as const;
				for (const { name, repeat, rounds, train } of runs) {
					const sizes = { ...sweep, repeat };
					const stream = plan(sizes, rounds, train);
					const outcome = await runTraffic({
						...tunnel.places,
						io: "native",
						sizes,
						up: stream,
						down: stream,
					});
					if (outcome.up === null || outcome.down === null)
						throw new Error("no verdict");
					measured(`${name} up`, describeVerdict(outcome.up));
					measured(`${name} down`, describeVerdict(outcome.down));
					if (outcome.up.lost + outcome.down.lost > 0)
						measured("lost", await describeKernelDrops(lab, tunnel));
					recordRow({
						...ROW,
						title: titleOf(family, linkProfile, name),
						column: "ours",
						measured: `up ${describeSweep(outcome.up)}; down ${describeSweep(outcome.down)}`,
						isMet: isPerfect(outcome.up) && isPerfect(outcome.down),
					});
					expectPerfect(outcome.up, stream.count);
					expectPerfect(outcome.down, stream.count);
				}
				expect((await lab.invalidCounts()).total).toBe(0);
				await tunnel.stop();
			});
		});
	},
);

describe.each(COLUMNS.filter((column) => column !== "ours"))(
	"the same sweep of %s, for the scoreboard",
	(column) => {
		it.for([4, 6] as const)(
			"IPv%d",
			{ timeout: FIND_KINDS_TIMEOUT_MS },
			async (family, context) => {
				const reason = await whyNoColumn(column);
				if (reason !== null) return context.skip(reason);
				const title = titleOf(family, "offload", "singles");
				await measureRow({ ...ROW, title, column }, () =>
					sweepRival(family, LIMIT_BYTES[family]),
				);
			},
		);
	},
);

// Row 1 for stock Phantun: the sweep that src/tunnel/sweep.lab.test.ts asks of ours, judged and published only.

import { withLab } from "../netlab/lab.js";
import type { Family } from "../netlab/tunnel-options.js";
import { runTraffic } from "../traffic/run-traffic.js";
import { datagramsPerRound } from "../traffic/size-plan.js";
import type { Verdict } from "../traffic/traffic-report.js";
import { startTunnel } from "../tunnel/tunnel-in-lab.js";
import { kindOfColumn, type RowOutcome } from "./measure-row.js";
import { percent } from "./percent.js";

const DATAGRAMS_PER_SECOND = 5_000;
const ROUNDS = 3;

/** @param limitBytes largest payload of one segment. */
export async function sweepRival(
	family: Family,
	limitBytes: number,
): Promise<RowOutcome> {
	const kind = await kindOfColumn("phantun");
	return withLab({ shape: "with-router" }, async (lab) => {
		const tunnel = await startTunnel(lab, {
			client: kind,
			server: kind,
			family,
		});
		const sizes = {
			kind: "sweep",
			from: 1,
			to: limitBytes,
			repeat: 1,
		} as const;
		const stream = {
			count: datagramsPerRound(sizes) * ROUNDS,
			rate: DATAGRAMS_PER_SECOND,
			unit: "datagrams",
		} as const;
		const { up, down } = await runTraffic({
			...tunnel.places,
			io: "native",
			sizes,
			up: stream,
			down: stream,
		});
		await tunnel.stop();
		if (up === null || down === null) throw new Error("no verdict");
		return {
			measured: `up ${describeSweep(up)}; down ${describeSweep(down)}`,
			isMet: isPerfect(up) && isPerfect(down),
		};
	});
}

export function isPerfect(verdict: Verdict): boolean {
	const { lost, duplicates, reordered, corrupted, unattributed } = verdict;
	return lost + duplicates + reordered + corrupted + unattributed === 0;
}

/** "100.00 % of 4380, 0 twice, 0 reordered, 0 corrupt" */
export function describeSweep(verdict: Verdict): string {
	const { deliveredShare, sent, duplicates, reordered, corrupted } = verdict;
	return `${percent(deliveredShare)} of ${sent}, ${duplicates} twice, ${reordered} reordered, ${corrupted + verdict.unattributed} corrupt`;
}

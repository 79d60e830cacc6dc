// Ten million datagrams through one tunnel: allocates nothing per datagram, and the memory stays what it was.

import { allocatedBytes } from "../lab/collector-trace.js";
import { runStream, SENDERS } from "../lab/stream-run.js";
import { openTracedTunnel, type TracedTunnel } from "../lab/traced-tunnel.js";
import { type Claim, type Figure, UNITS, type Unit } from "../report/figure.js";
import { spreadOf } from "../report/spread.js";
import { BULK_BYTES } from "./goodput.js";
import type { Row, RowContext } from "./row.js";

const LEG_SECONDS = 10;
/** Legs of single sends and of trains by turns, because they take different paths through the pump. */
const LEG_SENDERS = [SENDERS.segment, SENDERS.send] as const;
/** At 0.1 million datagrams per second this many legs are enough; a slower machine says what it reached. */
const MAX_LEGS = 12;
const MEBIBYTE = 1_048_576;

interface Steady {
	readonly datagrams: number;
	readonly allocatedBytes: number;
	readonly residentGrowthBytes: number;
}

const traceOf = (tunnel: TracedTunnel) =>
	tunnel.output().reduce((sum, one) => sum + allocatedBytes(one), 0);

async function carry(
	context: RowContext,
	tunnel: TracedTunnel,
): Promise<Steady> {
	const runLeg = (leg: number) =>
		runStream(tunnel.column, {
			sender: LEG_SENDERS[leg % LEG_SENDERS.length] ?? SENDERS.segment,
			sizeBytes: BULK_BYTES,
			seconds: LEG_SECONDS,
			sinkUsesGro: true,
		});
	// One leg of each sender first: compiling is over, and buffers have been touched.
	const warmedUp = [await runLeg(0), await runLeg(1)];
	const residentBefore = Math.max(
		...warmedUp.map((outcome) => outcome.peakResidentBytes),
	);
	const allocatedBefore = traceOf(tunnel);
	let datagrams = 0;
	let residentAfter = 0;
	for (
		let leg = 0;
		leg < MAX_LEGS && datagrams < context.effort.heapDatagrams;
		leg += 1
	) {
		const outcome = await runLeg(leg);
		datagrams += outcome.received;
		residentAfter = Math.max(residentAfter, outcome.peakResidentBytes);
		context.say(`  ${datagrams.toLocaleString("en-US")} datagrams`);
	}
	return {
		datagrams,
		allocatedBytes: traceOf(tunnel) - allocatedBefore,
		residentGrowthBytes: residentAfter - residentBefore,
	};
}

function figure(parts: {
	readonly title: string;
	readonly unit: Unit;
	readonly limits: Pick<Claim, "title" | "goal" | "floor">;
	readonly measured: number;
	readonly note: string;
}): Figure {
	const { title, unit, limits } = parts;
	const spread = spreadOf([parts.measured]);
	return {
		title,
		unit,
		sinkUsesGro: true,
		cells: { ours: { kind: "measured", spread } },
		verdicts: [
			{
				claim: { ...limits, unit, direction: "at-most", alarm: null },
				measured: spread,
			},
		],
		notes: [parts.note],
	};
}

export const flatHeap: Row = {
	name: "heap",
	isInShort: false,
	perLinkProfile: false,
	run: async (context) => {
		context.say("heap over ten million datagrams …");
		const tunnel = await openTracedTunnel(context.linkProfile);
		try {
			const steady = await carry(context, tunnel);
			const datagrams = steady.datagrams.toLocaleString("en-US");
			return [
				figure({
					title: "JavaScript heap allocated per datagram, both daemons",
					unit: UNITS.bytes,
					// Nothing per datagram: what timers, samples and batches allocate must be lost in the rounding.
					limits: {
						title: "bytes allocated per datagram (0 when rounded)",
						goal: 0.5,
						floor: 0.5,
					},
					measured: steady.allocatedBytes / steady.datagrams,
					note: `${datagrams} datagrams delivered; allocation read from V8's --trace-gc of both daemons, all threads.`,
				}),
				figure({
					title: "Growth of the resident set meanwhile, larger daemon",
					unit: UNITS.mebibytes,
					limits: {
						title: "growth of the resident set over ten million datagrams",
						goal: 4,
						floor: 8,
					},
					measured: steady.residentGrowthBytes / MEBIBYTE,
					note: "Highest resident set seen after warming up (20 s), less the highest seen before.",
				}),
			];
		} finally {
			await tunnel.column.close();
		}
	},
};

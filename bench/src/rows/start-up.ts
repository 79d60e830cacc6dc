// Start-up: from the client's spawn, with the server running, to the first datagram at the application behind it.

import { readFileSync } from "node:fs";
import { createLab } from "@tunscope/e2e/netlab";
import { startClient, startServer, TUNNEL_PLACES } from "../lab/column.js";
import type { ColumnName } from "../lab/column-names.js";
import { processStartMs } from "../lab/cpu-time.js";
import { nextRun } from "../lab/run-number.js";
import { startTrafficProcess } from "../lab/traffic-process.js";
import { UNITS } from "../report/figure.js";
import { monotonicMs } from "../traffic/traffic-lines.js";
import { cellsOf, type Series } from "./interleave.js";
import type { Row, RowContext } from "./row.js";

const NAMES = ["ours", "stock"] as const;
const HELLO_INTERVAL_MS = 5;
const DEADLINE_MS = 20_000;
const SMALL_BYTES = 100;

/** Processes' start times count from boot, arrivals by the monotonic clock; they differ by the time spent suspended. */
function bootMinusMonotonicMs(): number {
	const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ", 1)[0]);
	return uptime * 1_000 - monotonicMs();
}

async function measure(
	context: RowContext,
	name: (typeof NAMES)[number],
): Promise<number> {
	const kind = context.kinds[name];
	if (kind === null) throw new Error(`${name} is not installed`);
	const lab = await createLab({
		linkProfile: context.linkProfile,
		referee: "off",
	});
	try {
		const { target, sinkBind } = TUNNEL_PLACES;
		const shared = { run: nextRun(), sizeBytes: SMALL_BYTES, flows: 1 };
		const sink = startTrafficProcess(lab.server, "sink", {
			...shared,
			bind: sinkBind,
			usesGro: false,
		});
		await sink.line("ready", DEADLINE_MS);
		await startServer(lab, kind);
		const generator = startTrafficProcess(lab.client, "generator", {
			...shared,
			target,
			datagramsPerCall: 1,
			usesSegmentation: false,
			rate: 0,
			seconds: 0,
			helloIntervalMs: HELLO_INTERVAL_MS,
		});
		await generator.line("ready", DEADLINE_MS);
		const client = await startClient(lab, kind);
		const spawnedMs =
			processStartMs(client.process.pid) - bootMinusMonotonicMs();
		await generator.line("open", DEADLINE_MS);
		sink.process.closeInput();
		const { firstArrivalMs } = await sink.line("arrivals", DEADLINE_MS);
		return firstArrivalMs - spawnedMs;
	} finally {
		await lab.tearDown();
	}
}

export const startUp: Row = {
	name: "start-up",
	isInShort: false,
	perLinkProfile: false,
	run: async (context) => {
		context.say("start-up …");
		const samples = { ours: [] as number[], stock: [] as number[] };
		for (let round = 0; round < context.effort.rounds; round += 1) {
			for (const name of NAMES) {
				if (context.whyNot(name) === null)
					samples[name].push(await measure(context, name));
			}
		}
		const series = new Map<ColumnName, Series<number>>(
			NAMES.map((name) => [
				name,
				{
					samples: samples[name],
					notRun: context.whyNot(name),
					failed: null,
				},
			]),
		);
		return [
			{
				title: "Start-up: spawn of the client to first datagram delivered",
				unit: UNITS.milliseconds,
				sinkUsesGro: false,
				cells: cellsOf(series, (elapsedMs) => elapsedMs),
				verdicts: [],
				notes: [
					"To ±10 ms. The server runs already. Our client sets its host up itself (TUN, address, NAT, forwarding) within this time; stock's NAT rules were made before.",
				],
			},
		];
	},
};

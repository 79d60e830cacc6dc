// The unit suite and a tunnel smoke test on a newer Node than the one at hand.

import { join } from "node:path";
import { ensureSecondNode } from "../set-up/second-node.mjs";
import { TOP_FOLDER } from "../set-up/top-folder.mjs";
import { checkCommand, Tally } from "./tally.mjs";
import { runVitest } from "./vitest-run.mjs";

const UNIT_TIME_LIMIT_MS = 300_000;
const SMOKE_TIME_LIMIT_MS = 60_000;
const SMOKE_SECONDS = "5";

export async function runOnSecondNode() {
	const node = await ensureSecondNode();
	const tally = new Tally();
	tally.add(
		await runVitest({
			name: "unit-second-node",
			node,
			timeLimitMs: UNIT_TIME_LIMIT_MS,
		}),
	);
	await checkCommand(tally, {
		name: `tunnel smoke test: the demo for ${SMOKE_SECONDS} s`,
		command: [
			node,
			join(TOP_FOLDER, "e2e/dist/demo/main.js"),
			"--seconds",
			SMOKE_SECONDS,
		],
		timeLimitMs: SMOKE_TIME_LIMIT_MS,
	});
	return tally;
}

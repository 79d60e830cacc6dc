// The native core under sanitizers, then each fuzz target for a bounded time.

import { checkCommand, Tally } from "./tally.mjs";

const FUZZ_SECONDS_PER_TARGET = "20";
const TIME_LIMIT_MS = 600_000;

export async function runNative() {
	const tally = new Tally();
	await checkCommand(tally, {
		name: "native core under ASan and UBSan",
		command: ["npm", "run", "test:asan", "--workspace", "@tunscope/tun"],
		isShown: true,
		timeLimitMs: TIME_LIMIT_MS,
	});
	await checkCommand(tally, {
		name: `native fuzz targets, ${FUZZ_SECONDS_PER_TARGET} s each`,
		command: [
			"npm",
			"run",
			"fuzz",
			"--workspace",
			"@tunscope/tun",
			"--",
			"--seconds",
			FUZZ_SECONDS_PER_TARGET,
		],
		isShown: true,
		timeLimitMs: TIME_LIMIT_MS,
	});
	return tally;
}

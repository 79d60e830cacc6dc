// Command line of a traffic endpoint: `node main.js '<JSON>'`; prints JSON lines; ends when done or when its input closes.

import { Endpoint, type OpenIo } from "./endpoint.js";
import { openNodeDatagramIo } from "./node-datagram-io.js";
import { type TrafficConfig, trafficConfigSchema } from "./traffic-config.js";
import type { EndpointLine } from "./traffic-report.js";

const QUIET_POLL_MS = 10;
/** A peer that never falls silent is not waited for longer than this. */
const LINGER_EXTRA_MS = 3_000;

function print(line: EndpointLine): void {
	process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Resolves when whoever started us closes our standard input, or is gone. */
function inputClosed(): Promise<void> {
	return new Promise((resolve) => {
		process.stdin.on("end", resolve).on("close", resolve).resume();
	});
}

function after(delayMs: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, delayMs).unref());
}

async function quiet(endpoint: Endpoint, lingerMs: number): Promise<void> {
	while (endpoint.quietMs() < lingerMs) await after(QUIET_POLL_MS);
}

/**
 * One that expects something ends when it has it, or when nothing came for `patienceMs`; an opener without
 * expectations ends when it has sent everything; an answerer without them, when its input closes.
 */
async function finished(
	endpoint: Endpoint,
	config: TrafficConfig,
): Promise<void> {
	if (config.expectPerFlow !== undefined) {
		await endpoint.sentEverything();
		await Promise.race([
			endpoint.satisfied(),
			quietAfterArrival(endpoint, config.patienceMs),
		]);
		return;
	}
	if (config.role === "answer") return new Promise(() => undefined);
	await endpoint.sentEverything();
}

async function quietAfterArrival(
	endpoint: Endpoint,
	patienceMs: number,
): Promise<void> {
	while (endpoint.received() === 0 || endpoint.quietMs() < patienceMs)
		await after(QUIET_POLL_MS);
}

/** The addon is loaded only when it is asked for, so that the rest works where it cannot be built. */
async function chooseIo(kind: TrafficConfig["io"]): Promise<OpenIo> {
	if (kind === "node") return openNodeDatagramIo;
	const native = await import("./native-datagram-io.js");
	return native.openNativeDatagramIo;
}

async function main(): Promise<void> {
	const config = trafficConfigSchema.parse(JSON.parse(process.argv[2] ?? ""));
	const openIo = await chooseIo(config.io);
	const endpoint = new Endpoint(config);
	const startedMs = performance.now();
	const port = await endpoint.start(openIo);
	print({ event: "ready", port });
	const progress =
		config.progressMs > 0
			? setInterval(() => {
					print({
						event: "progress",
						sent: endpoint.sent(),
						received: endpoint.received(),
						elapsedMs: performance.now() - startedMs,
					});
				}, config.progressMs)
			: undefined;
	const timeLimit = after(config.maxSeconds * 1000);
	await Promise.race([finished(endpoint, config), inputClosed(), timeLimit]);
	endpoint.stopSending();
	await Promise.race([
		quiet(endpoint, config.lingerMs),
		after(config.lingerMs + LINGER_EXTRA_MS),
	]);
	clearInterval(progress);
	const report = endpoint.report();
	endpoint.stop();
	print({ event: "report", ...report });
	process.stdin.destroy();
}

await main();

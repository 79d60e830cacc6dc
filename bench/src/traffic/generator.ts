// Sends a stream of marked datagrams: `node generator.js '<JSON>'`; prints JSON lines; ends by itself.

import { CallTrains } from "./call-trains.js";
import { KIND, markWord } from "./datagram-mark.js";
import { openFlows } from "./flow-opening.js";
import {
	type GeneratorReport,
	monotonicMs,
	ownCpuMs,
	printLine,
} from "./traffic-lines.js";
import {
	type GeneratorSettings,
	generatorSettingsSchema,
} from "./traffic-settings.js";
import { TrafficSockets } from "./traffic-sockets.js";

/** A throttled generator sends what is due, then sleeps this long: without a sleep it would take a whole core. */
const PACING_SLEEP_MS = 0.25;
/** Calls between two looks at the clock while unthrottled. */
const CALLS_PER_CLOCK = 64;

const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** The event loop stands still meanwhile: nothing is received any more, and nothing competes with sending. */
function sendStream(
	sockets: TrafficSockets,
	settings: GeneratorSettings,
): GeneratorReport {
	const { datagramsPerCall, flows, rate, seconds } = settings;
	const call = new CallTrains({
		arena: sockets.arena,
		offset: sockets.sendOffset,
		sizeBytes: settings.sizeBytes,
		datagramsPerCall,
	});
	const word = markWord(settings.run, KIND.stream);
	const sequences = new Int32Array(flows);
	const startCpuMs = ownCpuMs();
	const startMs = monotonicMs();
	const endMs = startMs + seconds * 1_000;
	let flow = 0;
	let sent = 0;
	let offered = 0;
	let nowMs = startMs;
	while (nowMs < endMs) {
		const due = (rate * (nowMs - startMs)) / 1_000;
		for (
			let left = CALLS_PER_CLOCK;
			left > 0 && (rate === 0 || offered < due);
			left -= 1
		) {
			const sequence = sequences[flow] ?? 0;
			call.mark(word, flow, sequence);
			const outcome = sockets.io.sendTrains(call.trains, sockets.tokens, null);
			sequences[flow] = sequence + datagramsPerCall;
			sent += outcome.datagramsSent;
			offered += datagramsPerCall;
			flow = flow + 1 === flows ? 0 : flow + 1;
		}
		if (rate > 0 && offered >= due)
			Atomics.wait(neverWoken, 0, 0, PACING_SLEEP_MS);
		nowMs = monotonicMs();
	}
	return {
		event: "sent",
		sent,
		notTaken: offered - sent,
		startMs,
		endMs: nowMs,
		cpuMs: ownCpuMs() - startCpuMs,
	};
}

async function main(): Promise<void> {
	const settings = generatorSettingsSchema.parse(
		JSON.parse(process.argv[2] ?? ""),
	);
	const sockets = new TrafficSockets({
		connect: settings.target,
		count: settings.flows,
		usesOffloads: settings.usesSegmentation,
	});
	printLine({ event: "ready", usesGro: false });
	try {
		const askedMs = monotonicMs();
		await openFlows(sockets, settings);
		printLine({ event: "open", tookMs: monotonicMs() - askedMs });
		if (settings.seconds > 0) {
			printLine({ event: "starting" });
			printLine(sendStream(sockets, settings));
		}
	} catch (error) {
		printLine({ event: "gave-up", reason: String(error) });
	} finally {
		sockets.close();
	}
}

await main();

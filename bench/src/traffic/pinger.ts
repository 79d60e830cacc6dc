// Measures round trips, one datagram under way at a time: `node pinger.js '<JSON>'`; prints JSON lines; ends by itself.

import { CallTrains } from "./call-trains.js";
import { KIND, markWord } from "./datagram-mark.js";
import { openFlows } from "./flow-opening.js";
import { percentile } from "./percentile.js";
import { monotonicMs, printLine } from "./traffic-lines.js";
import {
	type PingerSettings,
	pingerSettingsSchema,
} from "./traffic-settings.js";
import { TrafficSockets } from "./traffic-sockets.js";

const HELLO_INTERVAL_MS = 100;
/** A ping without answer for this long is lost, and the next one goes. */
const LOST_AFTER_MS = 200;
/** Connections warm up: the first round trips are not counted. */
const UNCOUNTED = 200;

interface RoundTrips {
	readonly samplesUs: number[];
	readonly lost: number;
}

function pingPong(
	sockets: TrafficSockets,
	settings: PingerSettings,
): Promise<RoundTrips> {
	const call = new CallTrains({
		arena: sockets.arena,
		offset: sockets.sendOffset,
		sizeBytes: settings.sizeBytes,
		datagramsPerCall: 1,
	});
	const words = new Int32Array(sockets.arena.buffer);
	const word = markWord(settings.run, KIND.ping);
	const samplesUs: number[] = [];
	const endMs = monotonicMs() + settings.seconds * 1_000;
	let sequence = 0;
	let sentMs = 0;
	let lost = 0;
	const ping = () => {
		sequence += 1;
		call.mark(word, 0, sequence);
		sentMs = monotonicMs();
		sockets.io.sendTrains(call.trains, sockets.tokens, null);
	};
	return new Promise((resolve) => {
		const watch = setInterval(() => {
			if (monotonicMs() - sentMs < LOST_AFTER_MS) return;
			lost += 1;
			ping();
		}, LOST_AFTER_MS);
		sockets.listen((count) => {
			const nowMs = monotonicMs();
			for (let message = 0; message < count; message += 1) {
				const at = (sockets.batch.offset[message] ?? 0) >> 2;
				if (words[at] !== word || words[at + 2] !== sequence) continue;
				if (sequence > UNCOUNTED) samplesUs.push((nowMs - sentMs) * 1_000);
				if (nowMs < endMs) return ping();
				clearInterval(watch);
				resolve({ samplesUs, lost });
			}
		});
		ping();
	});
}

async function main(): Promise<void> {
	const settings = pingerSettingsSchema.parse(
		JSON.parse(process.argv[2] ?? ""),
	);
	const sockets = new TrafficSockets({
		connect: settings.target,
		count: 1,
		usesOffloads: false,
	});
	try {
		await openFlows(sockets, {
			...settings,
			helloIntervalMs: HELLO_INTERVAL_MS,
		});
		const { samplesUs, lost } = await pingPong(sockets, settings);
		if (samplesUs.length === 0)
			throw new Error(`fewer than ${UNCOUNTED} round trips, ${lost} lost`);
		printLine({
			event: "round-trips",
			count: samplesUs.length,
			lost,
			p50Us: percentile(samplesUs, 0.5),
			p99Us: percentile(samplesUs, 0.99),
		});
	} catch (error) {
		printLine({ event: "gave-up", reason: String(error) });
	} finally {
		sockets.close();
	}
}

await main();

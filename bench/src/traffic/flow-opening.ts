// Opens the flows of a run: says hello on each until each is answered.

import { CallTrains } from "./call-trains.js";
import { KIND, markWord } from "./datagram-mark.js";
import { monotonicMs } from "./traffic-lines.js";
import type { TrafficSockets } from "./traffic-sockets.js";

const DEADLINE_MS = 20_000;
/** Hellos under way at once: stock Phantun answers one handshake after another. */
const MAX_UNDER_WAY = 64;

export interface OpeningOptions {
	readonly run: number;
	readonly sizeBytes: number;
	readonly helloIntervalMs: number;
}

/**
 * Resolves when every socket has received something.
 * @throws Error when 20 s were not enough.
 */
export function openFlows(
	sockets: TrafficSockets,
	options: OpeningOptions,
): Promise<void> {
	const hello = new CallTrains({
		arena: sockets.arena,
		offset: sockets.sendOffset,
		sizeBytes: options.sizeBytes,
		datagramsPerCall: 1,
	});
	const word = markWord(options.run, KIND.hello);
	const unanswered = new Map<number, number>();
	for (const [flow, token] of sockets.tokens.entries())
		unanswered.set(token, flow);
	const sayHello = () => {
		let said = 0;
		for (const flow of unanswered.values()) {
			if (said === MAX_UNDER_WAY) return;
			said += 1;
			hello.mark(word, flow, 0);
			sockets.io.sendTrains(hello.trains, sockets.tokens, null);
		}
	};
	const deadlineMs = monotonicMs() + DEADLINE_MS;
	return new Promise((resolve, reject) => {
		const timer = setInterval(() => {
			if (monotonicMs() < deadlineMs) return sayHello();
			clearInterval(timer);
			reject(
				new Error(
					`${unanswered.size} of ${sockets.tokens.length} flows had no answer in ${DEADLINE_MS} ms`,
				),
			);
		}, options.helloIntervalMs);
		sockets.listen((count) => {
			for (let message = 0; message < count; message += 1)
				unanswered.delete(sockets.batch.token[message] ?? -1);
			if (unanswered.size > 0) return;
			clearInterval(timer);
			resolve();
		});
		sayHello();
	});
}

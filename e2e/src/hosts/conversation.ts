// One flow that talks all the while: the opener sends at a steady pace, the other end echoes, and what came back counts.

import type { LabProcess } from "../netlab/lab-process.js";
import { waitUntil } from "../netlab/wait-until.js";
import {
	startAnswerer,
	startOpener,
	type TrafficRun,
} from "../traffic/run-traffic.js";
import type { TunnelInLab } from "../tunnel/tunnel-in-lab.js";

/** Slow enough to leave the processors alone, fast enough that a gap is measured to some tens of milliseconds. */
const DATAGRAMS_PER_SECOND = 100;
const LIMIT_SECONDS = 120;
const DATAGRAM_BYTES = 300;
/** This many echoes in a row of progress reports are "it works", not one that slipped through. */
const ENOUGH_ECHOES = 15;

export interface Conversation {
	/** Datagrams that came back so far. */
	echoed(): number;
	/**
	 * Waits until some more have come back.
	 * @returns milliseconds until the first of them, to a fifth of a second. @throws DeadlineError
	 */
	carries(deadlineMs: number): Promise<number>;
	/** Whether nothing comes back for a while although it is asked. */
	isSilentFor(durationMs: number): Promise<boolean>;
	/** Idempotent. */
	end(): Promise<void>;
}

/** Starts both ends; whether a tunnel is there yet does not matter. */
export async function startConversation(
	places: TunnelInLab["places"],
): Promise<Conversation> {
	let echoed = 0;
	const run: TrafficRun = {
		...places,
		sizes: { kind: "fixed", bytes: DATAGRAM_BYTES },
		up: {
			count: DATAGRAMS_PER_SECOND * LIMIT_SECONDS,
			rate: DATAGRAMS_PER_SECOND,
			unit: "datagrams",
		},
		echo: true,
		maxSeconds: LIMIT_SECONDS,
		onProgress: (role, progress) => {
			if (role === "open") echoed = progress.received;
		},
	};
	const ends: LabProcess[] = [await startAnswerer(run)];
	ends.push(startOpener(run));
	const moreThan = (count: number, deadlineMs: number, what: string) =>
		waitUntil(() => echoed > count, { what, deadlineMs });
	return {
		echoed: () => echoed,
		carries: async (deadlineMs) => {
			const before = echoed;
			const startedMs = performance.now();
			await moreThan(before, deadlineMs, "an echo through the tunnel");
			const firstMs = performance.now() - startedMs;
			await moreThan(before + ENOUGH_ECHOES, deadlineMs, "a row of echoes");
			return firstMs;
		},
		isSilentFor: async (durationMs) => {
			const before = echoed;
			return moreThan(before, durationMs, "silence").then(
				() => false,
				() => true,
			);
		},
		end: async () => {
			await Promise.all(ends.map((end) => end.stop("SIGKILL")));
		},
	};
}

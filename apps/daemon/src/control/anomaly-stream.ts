// Anomalies of running tunnels as lines of JSON: those that are kept, then, for who follows, the later ones as they come.

import { setTimeout as delay } from "node:timers/promises";
import type { AnomalyEvent } from "@tunscope/shared/lean";
import type { AnomalyRing } from "../anomaly/anomaly-ring.js";

export interface AnomalyStreamOptions {
	/** Of the tunnels that are asked about, as they are now: a reload brings others. */
	readonly listRings: () => readonly Pick<AnomalyRing, "events" | "total">[];
	readonly isFollowing: boolean;
	/** Ends the following. */
	readonly signal: AbortSignal;
}

const FOLLOW_INTERVAL_MS = 250;
/** An event with its packet is about a kilobyte. */
const EVENTS_PER_PIECE = 64;

/** Nothing waits here for a slow viewer: it misses what the rings forget meanwhile, and the serial numbers say so. */
export async function* anomalyStream(
	options: AnomalyStreamOptions,
): AsyncGenerator<string, void> {
	const { listRings, isFollowing, signal } = options;
	const seen = new WeakMap<object, number>();
	for (;;) {
		for (const ring of listRings()) {
			const { total } = ring;
			const fresh = freshEvents(ring, seen.get(ring) ?? 0);
			seen.set(ring, total);
			for (let at = 0; at < fresh.length; at += EVENTS_PER_PIECE)
				yield linesOf(fresh.slice(at, at + EVENTS_PER_PIECE));
		}
		if (!isFollowing) return;
		await delay(FOLLOW_INTERVAL_MS, undefined, { signal, ref: false }).catch(
			() => undefined,
		);
		if (signal.aborted) return;
	}
}

function freshEvents(
	ring: Pick<AnomalyRing, "events" | "total">,
	lastSerial: number,
): readonly AnomalyEvent[] {
	if (ring.total === lastSerial) return [];
	return ring.events.filter(({ serial }) => serial > lastSerial);
}

function linesOf(events: readonly AnomalyEvent[]): string {
	return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

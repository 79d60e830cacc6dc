// The latest anomalies of one tunnel, in the main thread: a bounded ring that others may read and follow.

import { ANOMALIES, type AnomalyEvent } from "@tunscope/shared/lean";
import type { AnomalyReport } from "./anomaly-report.js";

/** About 6 MB when every one of them has a packet; nothing while there are none. */
const MAX_EVENTS = 4_096;

export type AnomalyListener = (events: readonly AnomalyEvent[]) => void;

export class AnomalyRing {
	readonly #tunnelName: string;
	readonly #maxEvents: number;
	readonly #listeners = new Set<AnomalyListener>();
	/** Grows up to the limit; then the oldest is overwritten. */
	readonly #places: AnomalyEvent[] = [];
	#lastSerial = 0;

	constructor(tunnelName: string, maxEvents = MAX_EVENTS) {
		this.#tunnelName = tunnelName;
		this.#maxEvents = maxEvents;
	}

	/** Those that are kept, oldest first. */
	get events(): readonly AnomalyEvent[] {
		const { length } = this.#places;
		const oldest = length < this.#maxEvents ? 0 : this.#lastSerial % length;
		return [...this.#places.slice(oldest), ...this.#places.slice(0, oldest)];
	}

	/** How many there were, also those that are no longer kept. */
	get total(): number {
		return this.#lastSerial;
	}

	/** Calls the listener with all later events, a few times a second at most. @returns what ends that */
	subscribe(listener: AnomalyListener): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	add(reports: readonly AnomalyReport[]): void {
		if (reports.length === 0) return;
		const events = reports.map((report) => this.#keep(report));
		for (const listener of this.#listeners) listener(events);
	}

	#keep(report: AnomalyReport): AnomalyEvent {
		const { severity, group, direction } = ANOMALIES[report.code];
		const event: AnomalyEvent = {
			version: 1,
			kind: "anomaly",
			serial: this.#lastSerial + 1,
			tunnel: this.#tunnelName,
			severity,
			group,
			direction,
			...report,
		};
		this.#places[this.#lastSerial % this.#maxEvents] = event;
		this.#lastSerial++;
		return event;
	}
}

// All anomalies of one tunnel in the main thread: those of its worker and of its life, kept, told and put into words.

import type { TunnelEvent } from "../tunnel/tunnel-event.js";
import { type AnomalyNotice, AnomalyNotices } from "./anomaly-notices.js";
import type { AnomalyReport } from "./anomaly-report.js";
import { AnomalyRing } from "./anomaly-ring.js";
import { anomalyOfEvent } from "./daemon-anomaly.js";

export class TunnelAnomalies {
	readonly ring: AnomalyRing;

	/** @param onNotice gets what an operator should hear of without asking */
	constructor(tunnelName: string, onNotice: (notice: AnomalyNotice) => void) {
		this.ring = new AnomalyRing(tunnelName);
		const notices = new AnomalyNotices({
			clockMs: () => performance.now(),
			onNotice,
		});
		this.ring.subscribe((events) => notices.take(events));
	}

	/** The worker's. */
	take(reports: readonly AnomalyReport[]): void {
		this.ring.add(reports);
	}

	/** The tunnel's own. */
	takeEvent(event: TunnelEvent): void {
		const report = anomalyOfEvent(event);
		if (report !== null) this.ring.add([report]);
	}
}

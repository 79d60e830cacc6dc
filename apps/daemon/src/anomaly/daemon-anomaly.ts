// What the main thread knows of a tunnel's troubles, as anomalies beside those of its worker.

import type { DaemonAnomalyCode } from "@tunscope/shared/lean";
import type { TunnelEvent } from "../tunnel/tunnel-event.js";
import {
	HOST_CLOCK,
	type MomentClock,
	momentBefore,
} from "./anomaly-moment.js";
import { parametersOf } from "./anomaly-parameters.js";
import type { AnomalyReport } from "./anomaly-report.js";

/** Null for events that are ordinary life. These are few: nobody on the wire can cause them. */
export function anomalyOfEvent(
	event: TunnelEvent,
	clock: MomentClock = HOST_CLOCK,
): AnomalyReport | null {
	switch (event.kind) {
		case "tun-lost":
			return daemonReport("tun-lost", { text: event.cause }, clock);
		case "tun-restored":
			return daemonReport("tun-restored", {}, clock);
		case "tun-renamed": {
			const text = `${event.from} ${event.to}`;
			return daemonReport("tun-renamed", { text }, clock);
		}
		case "worker-ended":
			return daemonReport(
				"worker-restarted",
				{ value: event.restartInMs },
				clock,
			);
		default:
			return null;
	}
}

function daemonReport(
	code: DaemonAnomalyCode,
	{ value = 0, text = null }: { value?: number; text?: string | null },
	clock: MomentClock,
): AnomalyReport {
	const now = momentBefore(clock, 0);
	return {
		code,
		flow: null,
		count: 1,
		notKept: 0,
		firstSeen: now,
		lastSeen: now,
		packet: null,
		parameters: parametersOf(code, {
			value,
			other: 0,
			text,
			family: 4,
			source: null,
		}),
	};
}

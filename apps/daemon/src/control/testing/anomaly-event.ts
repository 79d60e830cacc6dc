// An anomaly as a running daemon would tell it, for tests that change a thing or two.

import type { AnomalyEvent } from "@tunscope/shared";

export function anomalyEvent(change: Partial<AnomalyEvent> = {}): AnomalyEvent {
	const moment = { at: "2026-11-23T12:00:00.000Z", monotonicMs: 1_000 };
	return {
		version: 1,
		kind: "anomaly",
		serial: 1,
		tunnel: "home",
		code: "bad-tcp-checksum",
		severity: "warn",
		group: "checksum",
		direction: "inbound",
		flow: { peer: "192.0.2.1:4567", localPort: 40_000, slot: 0 },
		count: 1,
		notKept: 0,
		firstSeen: moment,
		lastSeen: moment,
		packet: null,
		parameters: {},
		...change,
	};
}

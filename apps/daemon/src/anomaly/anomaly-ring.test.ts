import { anomalyEventSchema } from "@tunscope/shared";
import { describe, expect, it } from "vitest";
import { momentBefore } from "./anomaly-moment.js";
import type { AnomalyReport } from "./anomaly-report.js";
import { AnomalyRing } from "./anomaly-ring.js";

const NOW = momentBefore({ wallMs: () => 1_000, monotonicMs: () => 5 }, 0);

function report(count: number): AnomalyReport {
	return {
		code: "truncated",
		flow: null,
		count,
		notKept: 0,
		firstSeen: NOW,
		lastSeen: NOW,
		packet: null,
		parameters: {},
	};
}

describe("the ring of a tunnel's anomalies", () => {
	it("makes whole events of what a worker reports", () => {
		const ring = new AnomalyRing("server_4567");
		ring.add([report(3)]);
		const [event] = ring.events;
		expect(anomalyEventSchema.parse(event)).toEqual(event);
		expect(event).toMatchObject({
			tunnel: "server_4567",
			serial: 1,
			severity: "note",
			group: "checksum",
			direction: "inbound",
		});
	});

	it("keeps the latest, in order, and says how many there were", () => {
		const ring = new AnomalyRing("t", 4);
		expect(ring.events).toEqual([]);
		for (let count = 1; count <= 3; count++) ring.add([report(count)]);
		expect(ring.events.map(({ serial }) => serial)).toEqual([1, 2, 3]);
		ring.add([report(4), report(5), report(6)]);
		expect(ring.events.map(({ serial, count }) => [serial, count])).toEqual([
			[3, 3],
			[4, 4],
			[5, 5],
			[6, 6],
		]);
		expect(ring.total).toBe(6);
	});

	it("tells who follows it, until they have enough", () => {
		const ring = new AnomalyRing("t");
		const heard: number[] = [];
		const stop = ring.subscribe((events) =>
			heard.push(...events.map(({ serial }) => serial)),
		);
		ring.add([report(1), report(1)]);
		ring.add([]);
		stop();
		ring.add([report(1)]);
		expect(heard).toEqual([1, 2]);
	});
});

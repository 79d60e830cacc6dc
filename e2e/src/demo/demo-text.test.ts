import { describe, expect, it } from "vitest";
import { joinReports, type Verdict } from "../traffic/index.js";
import {
	choosePaint,
	isGood,
	PANEL_ROWS,
	panelLines,
	progressLine,
	verdictLine,
} from "./demo-text.js";

const progress = {
	client: { sent: 1_000, received: 900, elapsedMs: 1_000 },
	server: { sent: 5_000, received: 998, elapsedMs: 1_000 },
};

function verdict(sent: number, received: number, corrupted = 0): Verdict {
	const empty = {
		sentByFlow: [sent],
		sent,
		socketErrors: 0,
		overflowDrops: 0,
		unattributed: 0,
		streams: [],
		elapsedMs: 1,
		firstArrivalUs: 0,
		lastArrivalUs: 0,
	};
	const tally = {
		flow: 0,
		received,
		payloadBytes: received,
		duplicates: 0,
		reordered: 0,
		corrupted,
		highestSequence: received - 1,
		gaps: [],
		latency: { p50Us: 320, p99Us: 4_200, maxUs: 5_000, samples: received },
	};
	return joinReports(empty, { ...empty, streams: [tally] });
}

describe("the demo's judgement", () => {
	it("is good at 99 %, not under it", () => {
		expect(isGood({ up: verdict(100, 99), down: verdict(100, 100) })).toBe(
			true,
		);
		expect(isGood({ up: verdict(1_000, 989), down: verdict(100, 100) })).toBe(
			false,
		);
	});

	it("is bad when one datagram was changed, or nothing was sent", () => {
		expect(isGood({ up: verdict(100, 100, 1), down: verdict(100, 100) })).toBe(
			false,
		);
		expect(isGood({ up: verdict(0, 0), down: verdict(100, 100) })).toBe(false);
	});
});

describe("the demo's text", () => {
	it("counts what arrived of what was sent, in both directions", () => {
		expect(progressLine(12, progress)).toBe(
			"   12 s  client → server 998 of 1,000 verified   server → client 900 of 5,000 verified",
		);
	});

	it("fills the panel's rows and no more columns than there are", () => {
		for (const columns of [60, 200]) {
			const lines = panelLines({
				columns,
				seconds: 3,
				totalSeconds: 10,
				progress,
				paint: choosePaint(false),
			});
			expect(lines).toHaveLength(PANEL_ROWS);
			for (const line of lines)
				expect(line.length).toBeLessThanOrEqual(columns);
		}
	});

	it("calls a gap of more than half a second missing, a smaller one under way", () => {
		const lines = panelLines({
			columns: 120,
			seconds: 3,
			totalSeconds: null,
			progress,
			paint: choosePaint(false),
		});
		expect(lines[3]).toMatch(/998 verified of +1,000 sent +2 under way/);
		expect(lines[4]).toMatch(/900 verified of +5,000 sent +4,100 missing/);
	});

	it("gives latencies in readable units", () => {
		expect(verdictLine("up", verdict(10, 10), choosePaint(false))).toContain(
			"p50 320 µs, p99 4.2 ms",
		);
	});
});

import type { AnomalyCode, AnomalyEvent } from "@tunscope/shared/lean";
import { describe, expect, it, vi } from "vitest";
import { momentBefore } from "./anomaly-moment.js";
import { type AnomalyNotice, AnomalyNotices } from "./anomaly-notices.js";
import { AnomalyRing } from "./anomaly-ring.js";

const NOW = momentBefore({ wallMs: () => 1_000, monotonicMs: () => 5 }, 0);

function setUp() {
	const said: AnomalyNotice[] = [];
	const ring = new AnomalyRing("t");
	let nowMs = 0;
	const notices = new AnomalyNotices({
		clockMs: () => nowMs,
		onNotice: (notice) => said.push(notice),
	});
	ring.subscribe((events) => notices.take(events));
	return {
		said,
		advance: (ms: number) => {
			nowMs += ms;
		},
		happen: (
			code: AnomalyCode,
			change: Partial<Pick<AnomalyEvent, "count" | "notKept" | "flow">> = {},
		) =>
			ring.add([
				{
					code,
					flow: null,
					count: 1,
					notKept: 0,
					firstSeen: NOW,
					lastSeen: NOW,
					packet: null,
					parameters: {},
					...change,
				},
			]),
	};
}

describe("sentences about anomalies in the log", () => {
	it("are said of warnings and errors, not of notes, and not of what is said elsewhere", async () => {
		const { happen, said } = setUp();
		happen("truncated");
		happen("tun-lost");
		happen("no-free-port");
		const flow = { peer: "192.0.2.1:4567", localPort: 1, slot: 0 };
		happen("bad-tcp-checksum", { flow });
		await vi.waitFor(() => expect(said).toHaveLength(2));
		expect(said.map(({ code, level }) => [code, level])).toEqual([
			["no-free-port", "error"],
			["bad-tcp-checksum", "warn"],
		]);
		expect(said[1]?.message).toMatch(
			/^A segment arrived with a wrong TCP checksum\. .*ethtool.* \(once; flow 192\.0\.2\.1:4567\)$/,
		);
	});

	it("come once a minute for each code, and count what came between", async () => {
		const { happen, said, advance } = setUp();
		happen("bad-tcp-checksum");
		for (let second = 0; second < 59; second++) {
			advance(1_000);
			happen("bad-tcp-checksum", { count: 2, notKept: 8 });
		}
		advance(1_000);
		happen("bad-tcp-checksum");
		await vi.waitFor(() => expect(said).toHaveLength(2));
		expect(said[1]?.message).toContain("(591 times)");
	});
});

import {
	DROP,
	DROP_REASON_COUNT,
	type Flow,
	NOTICE,
	type PacketPlace,
} from "@tunscope/fake-tcp";
import { describe, expect, it } from "vitest";
import { MAX_AGGREGATES } from "./anomaly-aggregate.js";
import { AnomalyCollector } from "./anomaly-collector.js";
import type { AnomalyReport } from "./anomaly-report.js";

const NO_PLACE: PacketPlace = {
	offset: 0,
	length: 0,
	faultStart: 0,
	faultLength: 0,
};
const TICK_MS = 300;
const CHECKSUM = DROP["bad-tcp-checksum"];

/** As much of a flow as the collector looks at. */
function flow(slot: number, remotePort = 40_000 + slot): Flow {
	const made: Partial<Flow> = {
		slot,
		family: 4,
		key: Int32Array.of(0, 0, 0xffff, 0x0a000001 + slot, 0),
		remotePort,
		localPort: 4_567,
		maxPayloadBytes: 1_460,
	};
	// The rest of a flow is nobody's business here.
	return made as Flow;
}

function setUp() {
	const arena = new Uint8Array(8_192);
	const drops = new Float64Array(DROP_REASON_COUNT);
	let nowMs = 1_000;
	const clock = {
		wallMs: () => 1_700_000_000_000 + nowMs,
		monotonicMs: () => nowMs,
	};
	const collector = new AnomalyCollector({ arena, drops, clock });
	const told: AnomalyReport[] = [];
	return {
		arena,
		drops,
		collector,
		told,
		drop: (reason: number, of: Flow | null = null, place = NO_PLACE) => {
			drops[reason] = (drops[reason] ?? 0) + 1;
			collector.at(nowMs);
			collector.drop(reason, of, place);
		},
		/** Lets time pass as the worker does, and keeps what was told. */
		pass: (ms: number) => {
			const all: AnomalyReport[][] = [];
			for (let passed = 0; passed < ms; passed += TICK_MS) {
				nowMs += TICK_MS;
				const reports = collector.report(nowMs);
				told.push(...reports);
				all.push(reports);
			}
			return all.flat();
		},
		sum: (code?: string) =>
			told
				.filter((report) => code === undefined || report.code === code)
				.reduce((total, { count, notKept }) => total + count + notKept, 0),
	};
}

describe("a collector of anomalies", () => {
	it("tells nothing while nothing happens, and nothing of what is none", () => {
		const { drop, pass } = setUp();
		expect(pass(3_000)).toEqual([]);
		for (let count = 0; count < 100; count++) {
			drop(DROP["link-local-chatter"]);
			drop(DROP["empty-datagram"]);
		}
		expect(pass(3_000)).toEqual([]);
	});

	it("tells the first of a kind at once, with its packet, fault and flow", () => {
		const { arena, drop, pass } = setUp();
		arena.fill(0x45, 100, 1_600);
		const place = {
			offset: 100,
			length: 1_500,
			faultStart: 36,
			faultLength: 2,
		};
		drop(CHECKSUM, flow(7), place);
		const [report, ...others] = pass(TICK_MS);
		expect(others).toEqual([]);
		expect(report).toMatchObject({
			code: "bad-tcp-checksum",
			flow: { peer: "10.0.0.8:40007", localPort: 4_567, slot: 7 },
			count: 1,
			notKept: 0,
			firstSeen: { at: "2023-11-14T22:13:21.000Z", monotonicMs: 1_000 },
			packet: { lengthBytes: 1_500, fault: { start: 36, length: 2 } },
			parameters: {},
		});
		expect(Buffer.from(report?.packet?.start ?? "", "base64")).toEqual(
			Buffer.alloc(256, 0x45),
		);
	});

	it("counts flows and codes apart, and says more seldom what goes on", () => {
		const { drop, pass, told, sum } = setUp();
		for (let tick = 0; tick < 100; tick++) {
			drop(CHECKSUM, flow(1));
			drop(CHECKSUM, flow(2));
			drop(DROP.truncated);
			pass(TICK_MS);
		}
		const ofFlow = (slot: number) =>
			told.filter((report) => report.flow?.slot === slot);
		// 30 s: at 0.3, 1.5, 6.6, 16.8 and 27 s.
		expect(ofFlow(1).map(({ count }) => count)).toEqual([1, 4, 17, 34, 34]);
		expect(ofFlow(2)).toHaveLength(5);
		pass(10_000);
		expect(sum("bad-tcp-checksum")).toBe(200);
		expect(sum("truncated")).toBe(100);
	});

	it("tells at once again after a minute of quiet", () => {
		const { drop, pass } = setUp();
		for (let tick = 0; tick < 10; tick++) {
			drop(CHECKSUM);
			pass(TICK_MS);
		}
		pass(61_000 + 10_000);
		drop(CHECKSUM);
		expect(pass(TICK_MS)).toMatchObject([{ count: 1 }]);
	});

	it("looks at few of a flood and tells the number of the rest", () => {
		const { drop, pass, told, sum } = setUp();
		for (let tick = 0; tick < 10; tick++) {
			for (let packet = 0; packet < 6_000; packet++)
				drop(DROP["unknown-flow"], null, { ...NO_PLACE, length: 40 });
			pass(TICK_MS);
		}
		pass(10_000);
		expect(sum()).toBe(60_000);
		expect(told.reduce((total, { count }) => total + count, 0)).toBe(640);
		expect(told.length).toBeLessThan(5);
	});

	it("tells what was counted without being shown, as belonging to no flow", () => {
		const { drops, pass, told } = setUp();
		drops[DROP["tun-queue-full"]] = 1_000;
		pass(TICK_MS);
		expect(told).toMatchObject([
			{
				code: "tun-queue-full",
				flow: null,
				count: 1_000,
				notKept: 0,
				packet: null,
			},
		]);
	});

	it("begins with the counters as they are: a worker that was restarted tells nothing twice", () => {
		const drops = new Float64Array(DROP_REASON_COUNT).fill(9);
		const collector = new AnomalyCollector({
			arena: new Uint8Array(1),
			drops,
			clock: { wallMs: () => 0, monotonicMs: () => 0 },
		});
		expect(collector.report(1_000)).toEqual([]);
	});

	it("stays within its table when more flows than that are in trouble, with honest counts", () => {
		const { drop, pass, sum, told } = setUp();
		const reasons = [
			CHECKSUM,
			DROP["rst-out-of-window"],
			DROP["bad-control-bits"],
			DROP["unknown-control"],
			DROP["unexpected-in-handshake"],
		];
		for (const reason of reasons)
			for (let slot = 0; slot < 64; slot++) drop(reason, flow(slot));
		pass(TICK_MS);
		expect(told).toHaveLength(64);
		pass(20_000);
		expect(sum()).toBe(5 * 64);
		const apart = new Set(
			told.map(({ code, flow: of }) => `${code} ${of?.peer}`),
		);
		expect(apart.size).toBeLessThanOrEqual(MAX_AGGREGATES + reasons.length);
	});

	it("does not mix two flows that had the same slot one after the other", () => {
		const { drop, pass, told } = setUp();
		drop(CHECKSUM, flow(3, 1_111));
		drop(CHECKSUM, flow(3, 2_222));
		drop(CHECKSUM, flow(3, 2_222));
		pass(TICK_MS);
		expect(
			told.map(({ count, flow: of }) => [of?.peer, count]).toSorted(),
		).toEqual([
			["10.0.0.4:1111", 1],
			["10.0.0.4:2222", 2],
		]);
	});

	it("gives what the engine noticed its parameters", () => {
		const { collector, pass } = setUp();
		collector.notice(
			NOTICE["path-mtu-lowered"],
			flow(1),
			NO_PLACE,
			1_400,
			1_500,
		);
		collector.notice(NOTICE["peer-silent"], flow(1), NO_PLACE, 2_500, 0);
		expect(pass(TICK_MS)).toMatchObject([
			{
				code: "path-mtu-lowered",
				parameters: {
					pathMtu: 1_400,
					limitBefore: 1_500,
					wireguardMtu: 1_328,
					reporter: null,
				},
			},
			{ code: "peer-silent", parameters: { silentMs: 2_500 } },
		]);
	});

	it("counts a flood of notices like a flood of drops", () => {
		const { collector, pass, sum } = setUp();
		for (let count = 0; count < 5_000; count++)
			collector.notice(NOTICE["reset-challenged"], flow(1), NO_PLACE, count, 0);
		pass(TICK_MS);
		expect(sum("reset-challenged")).toBe(5_000);
	});

	it("names sizes that fit when a datagram was too large, and shows none of its octets", () => {
		const { drop, pass } = setUp();
		const of = (length: number) => ({ ...NO_PLACE, length });
		drop(DROP["oversize-datagram"], flow(0), of(1_473));
		drop(DROP["oversize-datagram"], flow(0), of(1_472));
		expect(pass(TICK_MS)).toMatchObject([
			{
				count: 2,
				packet: null,
				parameters: {
					datagramOctets: 1_473,
					limitOctets: 1_460,
					wireguardMtu: 1_428,
				},
			},
		]);
	});

	it("takes the daemon's own, and totals that are kept elsewhere", () => {
		const { collector, pass } = setUp();
		collector.raise("socket-unavailable", "EMFILE");
		collector.setTotal("udp-buffer-overflow", 12);
		const reports = pass(TICK_MS);
		expect(reports).toHaveLength(2);
		expect(reports).toMatchObject([
			{ code: "socket-unavailable", parameters: { error: "EMFILE" } },
			{ code: "udp-buffer-overflow", count: 12 },
		]);
		collector.setTotal("udp-buffer-overflow", 12);
		expect(pass(TICK_MS)).toEqual([]);
	});

	it("tells everything at its end, whatever the pauses", () => {
		const { drop, pass, collector } = setUp();
		for (let tick = 0; tick < 20; tick++) {
			for (let packet = 0; packet < 100; packet++) drop(CHECKSUM, flow(1));
			pass(TICK_MS);
		}
		drop(CHECKSUM, flow(1));
		const last = collector.report(8_000, true);
		expect(last.length).toBeGreaterThan(0);
		expect(collector.report(8_000, true)).toEqual([]);
	});
});

// Floods at the pump: whatever the reason, few are looked at, the messages are bounded, and every count is told.

import { DROP_REASON_ROWS, type DropReason } from "@tunscope/fake-tcp";
import { isAnomalyCode } from "@tunscope/shared/lean";
import { describe, expect, it } from "vitest";
import { PumpPair } from "../tunnel/testing/pump-pair.js";
import type { AnomalyReport } from "./anomaly-report.js";

const FLOOD = 20_000;
const BATCH = 1_000;
/** 64 are looked at per code between two messages, which hold at most 64 reports. */
const MOST_IN_MESSAGE = 64;

const REASONS = DROP_REASON_ROWS.map((row, reason) => ({ ...row, reason }));

function countOf(reports: readonly AnomalyReport[]): number {
	return reports.reduce((sum, { count, notKept }) => sum + count + notKept, 0);
}

/** Drops of one reason as the engine makes them: counted, then shown. One in three of the open flow. */
function flood(pair: PumpPair, reason: DropReason): AnomalyReport[] {
	const { pump, counters, anomalies, engine } = pair.server;
	const place = { offset: 0, length: 1_500, faultStart: 6, faultLength: 2 };
	const told: AnomalyReport[] = [];
	for (let sent = 0; sent < FLOOD; sent += BATCH) {
		pair.nowMs += 50;
		pump.expire(pair.nowMs);
		for (let packet = 0; packet < BATCH; packet++) {
			counters.drop(reason, 1);
			pump.drop(
				reason,
				packet % 3 === 0 ? (engine.flows[0] ?? null) : null,
				place,
			);
		}
		const message = anomalies.report(pair.nowMs);
		expect(message.length).toBeLessThanOrEqual(MOST_IN_MESSAGE);
		told.push(...message);
	}
	told.push(...anomalies.report(pair.nowMs, true));
	return told;
}

describe("a flood of drops", () => {
	it.each(REASONS)(
		"is bounded and honestly counted: $name",
		({ name, reason }) => {
			const pair = new PumpPair({ client: 8, server: 8 });
			pair.conversations(1);
			expect(pair.server.engine.flows).toHaveLength(1);
			const told = flood(pair, reason);
			expect(pair.server.counters.drops[reason]).toBe(FLOOD);
			if (!isAnomalyCode(name)) return expect(told).toEqual([]);
			expect(new Set(told.map(({ code }) => code))).toEqual(new Set([name]));
			expect(countOf(told)).toBe(FLOOD);
			// A second of flood: at once and at its end, of the flow and of none.
			expect(told.length).toBeLessThanOrEqual(6);
			const kept = told.reduce((sum, { count }) => sum + count, 0);
			expect(kept).toBeLessThanOrEqual((FLOOD / BATCH) * MOST_IN_MESSAGE);
		},
	);
});

describe("packets that nobody should send, through the TUN", () => {
	it("are told with the code of their counter, and add up", () => {
		const pair = new PumpPair({ client: 8, server: 8 });
		const { tun, counters, anomalies } = pair.server;
		for (let round = 0; round < 50; round++) {
			for (let packet = 0; packet < 40; packet++)
				pair.network.inject(tun, garbage(round * 40 + packet));
			pair.settle();
		}
		const told = anomalies.report(pair.nowMs, true);
		const byCode = new Map<string, number>();
		for (const report of told)
			byCode.set(
				report.code,
				(byCode.get(report.code) ?? 0) + countOf([report]),
			);
		const dropped = REASONS.filter(
			({ name, reason }) =>
				isAnomalyCode(name) && (counters.drops[reason] ?? 0) > 0,
		).map(({ name, reason }) => [name, counters.drops[reason]] as const);
		expect(dropped.length).toBeGreaterThan(4);
		expect([...byCode].toSorted()).toEqual(dropped.toSorted());
	});
});

/** An IPv4 header to the server's TUN that is wrong in one of several ways, or right with something odd behind it. */
function garbage(seed: number): Uint8Array {
	const bytes = new Uint8Array(60);
	bytes.set([0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0]);
	bytes.set([198, 18, 0, 1, 192, 168, 201, 2], 12);
	bytes.set([0x9c, 0x40, 0x11, 0xd7], 20);
	bytes[32] = 0x50;
	const kind = seed % 6;
	if (kind === 0) bytes[0] = 0x35;
	if (kind === 1) bytes[0] = 0x41;
	if (kind === 2) bytes[3] = 61;
	if (kind === 4) bytes[9] = 17;
	if (kind === 5) bytes[32] = 0x10;
	// Kind 3 keeps the wrong header checksum.
	if (kind !== 3) sumHeader(bytes);
	return bytes;
}

function sumHeader(bytes: Uint8Array): void {
	const view = new DataView(bytes.buffer);
	let sum = 0;
	for (let at = 0; at < 20; at += 2) sum += view.getUint16(at);
	while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
	view.setUint16(10, ~sum & 0xffff);
}

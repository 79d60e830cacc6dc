// What every TUN implementation does with trains on their way through.

import { describe, expect, it } from "vitest";
import { PACKET_VERDICT } from "../tun-device.js";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { type ReadSegment, readSegments } from "./segment-reader.js";
import { patternBytes, tcpTrainHeader } from "./train-builder.js";
import {
	type Family,
	READ_REGION,
	ROUTES,
	type TunBench,
	useTunBench,
} from "./tun-bench.js";

const SEGMENT_SIZE = 1_400;

function expectPayload(
	segments: readonly ReadSegment[],
	payload: Uint8Array,
): void {
	const joined = Buffer.concat(segments.map((segment) => segment.payload));
	expect(joined.equals(payload)).toBe(true);
}

function expectAllGood(segments: readonly ReadSegment[]): void {
	const verdicts = new Set(segments.map(({ verdict }) => verdict));
	expect([...verdicts]).toEqual([PACKET_VERDICT.checksumGood]);
}

async function handsOverWhole(bench: TunBench, family: Family) {
	const { pair, builder, collect } = bench;
	const payload = patternBytes(40 * SEGMENT_SIZE + 333);
	builder.addTcp(ROUTES[family], payload, SEGMENT_SIZE);
	const outcome = pair.left.writeTrains(builder.trains);
	expect(outcome).toMatchObject({ segmentsWritten: 41, lastErrno: 0 });
	const segments = await collect(payload.length);
	expect(segments).toHaveLength(1);
	expect(segments[0]).toMatchObject({
		segmentSize: SEGMENT_SIZE,
		verdict: PACKET_VERDICT.checksumGood,
		sequence: 1,
	});
	expectPayload(segments, payload);
}

/** Sequence and identification both wrap on the way. */
async function cutsRight(bench: TunBench, family: Family) {
	const { pair, builder, collect } = bench;
	const payload = patternBytes(5 * SEGMENT_SIZE + 1);
	const start = { sequence: 0xffff_f000, identification: 0xfffe };
	const fields = { ...ROUTES[family], ...start };
	builder.addTcp(fields, payload, SEGMENT_SIZE);
	const outcome = pair.left.writeTrains(builder.trains);
	expect(outcome).toMatchObject({ segmentsWritten: 6, lastErrno: 0 });
	const segments = await collect(payload.length);
	const expected = Array.from({ length: 6 }, (_, index) => ({
		sequence: (start.sequence + index * SEGMENT_SIZE) >>> 0,
		identification:
			family === "ipv4" ? (start.identification + index) & 0xffff : 0,
		segmentSize: 0,
	}));
	expect(segments).toMatchObject(expected);
	expectAllGood(segments);
	expectPayload(segments, payload);
}

async function carriesSingles(bench: TunBench, family: Family) {
	const { pair, builder, collect } = bench;
	builder.addTcp(ROUTES[family], new Uint8Array(0), 0);
	builder.addTcp(ROUTES[family], patternBytes(77), 77);
	const outcome = pair.left.writeTrains(builder.trains);
	expect(outcome).toMatchObject({ segmentsWritten: 2, lastErrno: 0 });
	const segments = await collect(77);
	expect(segments.map(({ payload }) => payload.length)).toEqual([0, 77]);
	expect(segments.map(({ segmentSize }) => segmentSize)).toEqual([0, 0]);
	expectAllGood(segments);
}

async function gathersManyRegions(bench: TunBench) {
	const { pair, builder, collect } = bench;
	const payload = patternBytes(9_001);
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < payload.length; at += 13) {
		pieces.push(payload.subarray(at, at + 13));
	}
	const header = tcpTrainHeader(ROUTES.ipv4, payload.length);
	builder.add({ header, pieces, segmentSize: 1_001 });
	pair.left.writeTrains(builder.trains);
	expectPayload(await collect(payload.length), payload);
}

/** 1,500 regions: more than the 1,024 that one writev takes, so the train is cut. */
async function gathersMoreThanTheKernelTakes(bench: TunBench) {
	const { pair, builder, collect } = bench;
	const payload = patternBytes(1_500);
	const pieces = Array.from(payload, (byte) => Uint8Array.of(byte));
	const header = tcpTrainHeader(ROUTES.ipv4, payload.length);
	builder.add({ header, pieces, segmentSize: 500 });
	expect(pair.left.writeTrains(builder.trains).segmentsWritten).toBe(3);
	const segments = await collect(payload.length);
	expectAllGood(segments);
	expectPayload(segments, payload);
}

async function stopsAtCapacity({ lab, arena, pair, builder }: TunBench) {
	const batch = lab.io.createPacketBatch(arena, READ_REGION, 1_048_576, 2);
	for (let index = 0; index < 5; index += 1) {
		builder.addTcp(ROUTES.ipv4, patternBytes(100, index), 100);
	}
	pair.left.writeTrains(builder.trains);
	let largest = 0;
	const segments: ReadSegment[] = [];
	await waitFor("five packets", () => {
		segments.push(...readSegments(pair.right, batch, arena));
		largest = Math.max(largest, batch.count);
		return segments.length >= 5;
	});
	expect(largest).toBe(2);
	expect(segments).toHaveLength(5);
}

/** A region for one packet of 64 KiB gives one packet per read, however small it is. */
async function stopsAtRegionEnd({ lab, arena, pair, builder }: TunBench) {
	const batch = lab.io.createPacketBatch(arena, READ_REGION, 65_700, 64);
	builder.addTcp(ROUTES.ipv4, patternBytes(200), 200);
	builder.addTcp(ROUTES.ipv4, patternBytes(200), 200);
	pair.left.writeTrains(builder.trains);
	const segments: ReadSegment[] = [];
	await waitFor("two packets", () => {
		segments.push(...readSegments(pair.right, batch, arena));
		expect(batch.count).toBeLessThanOrEqual(1);
		return segments.length === 2;
	});
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeTunTrains(openLab: () => ComplianceLab): void {
	const open = useTunBench(openLab);
	for (const family of ["ipv4", "ipv6"] as const) {
		describe(family, () => {
			it("hands a train over as one super-segment", async () =>
				await handsOverWhole(open(), family));
			it("cuts for a reader without offloads", async () =>
				await cutsRight(open("auto", "none"), family));
			it("cuts by itself without offloads of its own", async () =>
				await cutsRight(open("none", "auto"), family));
			it("carries a bare segment and a single datagram", async () =>
				await carriesSingles(open(), family));
			it("carries them without offloads on either side", async () =>
				await carriesSingles(open("none", "none"), family));
		});
	}
	it("gathers a payload from many regions of odd lengths", async () =>
		await gathersManyRegions(open()));
	it("gathers it without offloads, across segment borders", async () =>
		await gathersManyRegions(open("none", "none")));
	it("gathers more regions than one call of the kernel takes", async () =>
		await gathersMoreThanTheKernelTakes(open()));
	it("stops at the batch's capacity and goes on with the next batch", async () =>
		await stopsAtCapacity(open()));
	it("stops where the region could not hold another large packet", async () =>
		await stopsAtRegionEnd(open()));
}

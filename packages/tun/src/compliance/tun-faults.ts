// What every TUN implementation does with batches that break their own contract: it throws, and writes nothing odd.

import { beforeEach, expect, it } from "vitest";
import { MIN_PACKET_REGION_BYTES } from "../arena-regions.js";
import type { TunWriteOutcome } from "../tun-device.js";
import type { ComplianceLab } from "./compliance-lab.js";
import { patternBytes, tcpTrainHeader } from "./train-builder.js";
import { ROUTES, type TunBench, useTunBench } from "./tun-bench.js";

/** The largest payload of a train over IPv4: 65,521 bytes of packet. */
const LARGEST_TRAIN = 65_521 - 40;
const LARGEST_SINGLE = 65_535 - 40;

/** Position and value of a byte that spoils a header. */
const SPOILERS = [
	["version 5", 0, 0x55],
	["a longer IP header than there is", 0, 0x46],
	["UDP", 9, 17],
	["a longer TCP header than there is", 32, 0x60],
	["a TCP header without its 20 bytes", 32, 0x40],
] as const;

function describeRegions(
	bench: () => TunBench,
	write: () => TunWriteOutcome,
): void {
	it("refuses a region that leaves the arena by one byte", () => {
		const { arena, builder } = bench();
		builder.addTcp(ROUTES.ipv4, patternBytes(10), 10);
		const { regions } = builder.trains;
		regions.offset[0] = arena.length - 10;
		expect(write().segmentsWritten).toBe(1);
		regions.offset[0] = arena.length - 9;
		expect(write).toThrow(/outside the arena/);
		regions.offset[0] = -1;
		expect(write).toThrow(/outside the arena/);
	});

	it("refuses regions that do not end where they should", () => {
		const { builder } = bench();
		builder.addTcp(ROUTES.ipv4, patternBytes(10), 10);
		const { regions, regionCount } = builder.trains;
		regions.next[0] = 0;
		expect(write).toThrow(/do not end/);
		regions.next[0] = 4_096;
		regionCount[0] = 2;
		expect(write).toThrow(/do not end/);
		regionCount[0] = 0x7fff_ffff;
		regions.next[0] = 0;
		expect(write).toThrow(/Bad train batch/);
	});

	it("refuses lengths that do not add up, and sizes out of range", () => {
		const { builder } = bench();
		builder.addTcp(ROUTES.ipv4, patternBytes(10), 10);
		const { totalLength, segmentSize } = builder.trains;
		totalLength[0] = 9;
		expect(write).toThrow(/add up/);
		totalLength[0] = 10;
		segmentSize[0] = 0;
		expect(write).toThrow(/out of range/);
		segmentSize[0] = -1;
		expect(write).toThrow(/out of range/);
	});
}

function describeHeaders(
	bench: () => TunBench,
	write: () => TunWriteOutcome,
): void {
	for (const [what, at, byte] of SPOILERS) {
		it(`refuses a header with ${what}`, () => {
			const header = tcpTrainHeader(ROUTES.ipv4, 10);
			header[at] = byte;
			const pieces = [patternBytes(10)];
			bench().builder.add({ header, pieces, segmentSize: 10 });
			expect(write).toThrow(/not one IP and one TCP header/);
		});
	}

	it("refuses a payload without a segment size that is no IP fragment", () => {
		const { builder } = bench();
		builder.addTcp(ROUTES.ipv4, patternBytes(10), 0);
		expect(write).toThrow(/out of range/);
		builder.clear();
		builder.addTcp(ROUTES.ipv6, patternBytes(10), 0);
		expect(write).toThrow(/out of range/);
		const header = tcpTrainHeader(ROUTES.ipv6, 10).slice(0, 47);
		header[6] = 44;
		builder.clear();
		builder.add({ header, pieces: [patternBytes(10)], segmentSize: 0 });
		expect(write).toThrow(/not one IP and one TCP header/);
	});

	it("refuses an IP fragment of more than 65,535 bytes", () => {
		const { builder } = bench();
		const header = tcpTrainHeader(ROUTES.ipv4, 10);
		header[6] = 0x20;
		const pieces = [patternBytes(LARGEST_SINGLE + 1)];
		builder.add({ header, pieces, segmentSize: 0 });
		expect(write).toThrow(/longer than one IP packet/);
	});

	it("refuses a header that leaves the arena", () => {
		const { arena, builder } = bench();
		builder.addTcp(ROUTES.ipv4, new Uint8Array(0), 0);
		const { headerOffset } = builder.trains;
		headerOffset[0] = arena.length - 39;
		expect(write).toThrow(/not one IP and one TCP header/);
		headerOffset[0] = -40;
		expect(write).toThrow(/not one IP and one TCP header/);
	});
}

function describeLimits(
	bench: () => TunBench,
	write: () => TunWriteOutcome,
): void {
	it("writes a train whose packet has 65,521 bytes, and refuses one more", async () => {
		const { builder, collect } = bench();
		builder.addTcp(ROUTES.ipv4, patternBytes(LARGEST_TRAIN), 1_400);
		expect(write().segmentsWritten).toBe(Math.ceil(LARGEST_TRAIN / 1_400));
		expect(await collect(LARGEST_TRAIN)).toHaveLength(1);
		builder.clear();
		builder.addTcp(ROUTES.ipv4, patternBytes(LARGEST_TRAIN + 1), 1_400);
		expect(write).toThrow(/longer than one IP packet/);
	});

	it("refuses a single datagram whose packet has more than 65,535 bytes", () => {
		const { builder } = bench();
		const single = patternBytes(LARGEST_SINGLE + 1);
		builder.addTcp(ROUTES.ipv4, single, single.length);
		expect(write).toThrow(/longer than one IP packet/);
	});

	it("refuses a count beyond the arrays", () => {
		bench().builder.trains.count = 65;
		expect(write).toThrow(/cannot hold 65/);
		bench().builder.trains.count = -1;
		expect(write).toThrow(/cannot hold -1/);
	});

	it("refuses regions of the arena that cannot hold a packet", () => {
		const { lab } = bench();
		const arena = new Uint8Array(MIN_PACKET_REGION_BYTES);
		const create = (offset: number, length: number, capacity: number) => () =>
			lab.io.createPacketBatch(arena, offset, length, capacity);
		expect(create(0, MIN_PACKET_REGION_BYTES, 1)).not.toThrow();
		expect(create(0, MIN_PACKET_REGION_BYTES - 1, 1)).toThrow(/at least/);
		expect(create(1, MIN_PACKET_REGION_BYTES, 1)).toThrow(/does not lie/);
		expect(create(0, MIN_PACKET_REGION_BYTES, 0)).toThrow(/holds 1 to/);
	});
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeTunFaults(openLab: () => ComplianceLab): void {
	const open = useTunBench(openLab);
	let current: TunBench;
	beforeEach(() => {
		current = open();
	});
	const bench = () => current;
	const write = () => current.pair.left.writeTrains(current.builder.trains);
	describeRegions(bench, write);
	describeHeaders(bench, write);
	describeLimits(bench, write);
}

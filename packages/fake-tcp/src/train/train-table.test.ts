import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RegionTable, segmentsIn, TrainTable } from "./train-table.js";

const OWNERS = 3;

interface Message {
	readonly owner: number;
	readonly segmentSize: number;
	readonly segments: number;
	readonly lastLength: number;
	/** Octets between this message and the one before it: 0 makes them neighbours in memory. */
	readonly gap: number;
}

const message: fc.Arbitrary<Message> = fc
	.record({
		owner: fc.nat(OWNERS - 1),
		segmentSize: fc.constantFrom(1, 2, 3, 10),
		segments: fc.integer({ min: 1, max: 9 }),
		last: fc.integer({ min: 1, max: 10 }),
		gap: fc.constantFrom(0, 4),
	})
	.map(({ owner, segmentSize, segments, last, gap }) => {
		const isSingle = segments === 1;
		const lastLength = isSingle ? segmentSize : Math.min(last, segmentSize);
		return { owner, segmentSize, segments, lastLength, gap };
	});

function createTable(
	maxTrainBytes: number,
	maxSegmentsPerTrain: number,
): TrainTable {
	const regions = new RegionTable(1_024);
	return new TrainTable({
		regions,
		capacity: 512,
		ownerCount: OWNERS,
		maxTrainBytes,
		maxSegmentsPerTrain,
	});
}

describe("a train table", () => {
	it("keeps every owner's datagrams whole, in order, within the limits, equal in size but for a last shorter one", () => {
		fc.assert(
			fc.property(
				fc.array(message, { maxLength: 40 }),
				fc.constantFrom(10, 25, 100),
				fc.constantFrom(1, 3, 50),
				(messages, maxBytes, maxSegments) => {
					const table = createTable(maxBytes, maxSegments);
					const expected: [number, number][][] = Array.from(
						{ length: OWNERS },
						() => [],
					);
					let at = 0;
					for (const {
						owner,
						segmentSize,
						segments,
						lastLength,
						gap,
					} of messages) {
						at += gap;
						const length = (segments - 1) * segmentSize + lastLength;
						table.append(owner, at, length, Math.min(segmentSize, length));
						for (let index = 0; index < segments; index++) {
							expected[owner]?.push([
								at + index * segmentSize,
								index === segments - 1 ? lastLength : segmentSize,
							]);
						}
						at += length;
					}
					const found: [number, number][][] = Array.from(
						{ length: OWNERS },
						() => [],
					);
					for (let train = 0; train < table.count; train++) {
						const size = table.segmentSize[train] ?? 0;
						const total = table.totalLength[train] ?? 0;
						const lengths: number[] = [];
						table.forEachDatagram(train, (offset, length) => {
							found[table.owner[train] ?? 0]?.push([offset, length]);
							lengths.push(length);
						});
						expect(total).toBe(
							lengths.reduce((sum, length) => sum + length, 0),
						);
						expect(segmentsIn(total, size)).toBe(lengths.length);
						expect(lengths.length).toBeLessThanOrEqual(maxSegments);
						if (lengths.length > 1) expect(total).toBeLessThanOrEqual(maxBytes);
						for (const length of lengths.slice(0, -1))
							expect(length).toBe(size);
						expect(lengths.at(-1)).toBeLessThanOrEqual(size);
					}
					expect(found).toEqual(expected);
				},
			),
			{ numRuns: 2_000 },
		);
	});

	it("joins interleaved owners into one train each", () => {
		const table = createTable(1_000, 100);
		for (let datagram = 0; datagram < 30; datagram++)
			table.append(datagram % OWNERS, datagram * 20, 10, 10);
		expect(table.count).toBe(OWNERS);
		expect([...table.totalLength.subarray(0, OWNERS)]).toEqual([100, 100, 100]);
	});

	it("keeps neighbours in memory as one region", () => {
		const table = createTable(1_000, 100);
		for (let datagram = 0; datagram < 10; datagram++)
			table.append(0, datagram * 10, 10, 10);
		expect(table.regionCount[0]).toBe(1);
		expect(table.regions.length[0]).toBe(100);
	});

	it("begins anew after clear", () => {
		const table = createTable(1_000, 100);
		table.append(0, 0, 10, 10);
		table.clear();
		table.regions.clear();
		table.append(0, 50, 10, 10);
		expect(table.count).toBe(1);
		expect(table.totalLength[0]).toBe(10);
	});

	it("says when there is no room, and one more is our bug", () => {
		const table = new TrainTable({
			regions: new RegionTable(2),
			capacity: 2,
			ownerCount: 2,
			maxTrainBytes: 100,
			maxSegmentsPerTrain: 1,
		});
		table.append(0, 0, 1, 1);
		expect(table.hasRoomFor(1)).toBe(true);
		table.append(0, 5, 1, 1);
		expect(table.hasRoomFor(1)).toBe(false);
		expect(() => table.append(0, 9, 1, 1)).toThrow(
			"flushed before it overflows",
		);
	});
});

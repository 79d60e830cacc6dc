import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCaptureMemory } from "./capture-memory.js";
import { type CapturedPacket, CaptureReader } from "./capture-reader.js";
import { CaptureRing } from "./capture-ring.js";

const SNAP_BYTES = 120;
const RECORD_HEADER_BYTES = 32;

function memoryOf(ringBytes: number): SharedArrayBuffer {
	return createCaptureMemory({
		ringBytes,
		snapBytes: SNAP_BYTES,
		baseUnixMs: 1_000,
	});
}

/** Records a packet whose kept octets are all its number. */
function record(ring: CaptureRing, number: number, length: number): void {
	const capturedBytes = Math.min(length, SNAP_BYTES);
	const at = ring.begin({
		timeMs: number / 8,
		flags: number % 2 === 0 ? 2 : 0,
		packetBytes: length,
		capturedBytes,
		segmentBytes: number % 100,
	});
	for (let octet = 0; octet < capturedBytes; octet++)
		ring.bytes.setUint8(at + octet, number & 0xff);
}

function readAll(reader: CaptureReader): CapturedPacket[] {
	const packets: CapturedPacket[] = [];
	const { end } = reader;
	for (;;) {
		const packet = reader.next(end);
		if (packet === null) return packets;
		packets.push(packet);
	}
}

function expectIntact(packet: CapturedPacket): void {
	const length = Math.min(packet.packetBytes, SNAP_BYTES);
	const octet = packet.serial & 0xff;
	expect(packet.bytes).toEqual(new Uint8Array(length).fill(octet));
	expect(packet.isOutgoing).toBe(packet.serial % 2 === 0);
	expect(packet.segmentBytes).toBe(packet.serial % 100);
	expect(packet.unixNs).toBe(1_000_000_000n + BigInt(packet.serial) * 125_000n);
}

describe("capture ring", () => {
	it("never takes more than its bytes, and holds the newest packets that fit, unharmed", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 60, max: 200 }),
				fc.array(fc.array(fc.nat(400), { maxLength: 12 }), { maxLength: 60 }),
				(units, batches) => {
					const ringBytes = units * 8;
					const memory = memoryOf(ringBytes);
					const sizeBefore = memory.byteLength;
					const ring = new CaptureRing(memory);
					const lengths: number[] = [];
					for (const batch of batches) {
						for (const length of batch) {
							record(ring, lengths.length, length);
							lengths.push(length);
						}
						ring.publish();
					}
					expect(memory.byteLength).toBe(sizeBefore);
					const packets = readAll(new CaptureReader(memory));
					packets.forEach(expectIntact);
					const first = lengths.length - packets.length;
					expect(packets.map(({ serial }) => serial)).toEqual(
						packets.map((_, place) => first + place),
					);
					expect(packets.map(({ packetBytes }) => packetBytes)).toEqual(
						lengths.slice(first),
					);
					expect(packets[0]?.lost ?? 0).toBe(first);
					// Besides them only padding and less than one record could be free.
					const held = packets.reduce(
						(sum, { bytes }) => sum + RECORD_HEADER_BYTES + bytes.length + 7,
						0,
					);
					const largest = RECORD_HEADER_BYTES + SNAP_BYTES + 8;
					if (first > 0) expect(held).toBeGreaterThan(ringBytes - 2 * largest);
				},
			),
		);
	});

	it("shows a packet once its batch is over, with what was found out about it", () => {
		const memory = memoryOf(4_096);
		const ring = new CaptureRing(memory);
		record(ring, 0, 40);
		const first = ring.lastPosition;
		record(ring, 1, 41);
		expect(readAll(new CaptureReader(memory))).toEqual([]);
		ring.markDrop(first, 0);
		ring.markNotice(ring.lastPosition, 24);
		ring.publish();
		expect(
			readAll(new CaptureReader(memory)).map(({ dropReason, notice }) => [
				dropReason,
				notice,
			]),
		).toEqual([
			[0, null],
			[null, 24],
		]);
	});

	it("marks nothing that a batch larger than the ring has overwritten", () => {
		const memory = memoryOf(480);
		const ring = new CaptureRing(memory);
		record(ring, 0, 40);
		const gone = ring.lastPosition;
		for (let number = 1; number < 40; number++) record(ring, number, 40);
		ring.markDrop(gone, 5);
		ring.markNotice(gone, 5);
		ring.publish();
		const packets = readAll(new CaptureReader(memory));
		expect(packets.at(-1)?.serial).toBe(39);
		packets.forEach(expectIntact);
		expect(packets.some(({ dropReason }) => dropReason !== null)).toBe(false);
	});

	it("tells a reader that falls behind how much it missed, and goes on with what is there", () => {
		const memory = memoryOf(480);
		const ring = new CaptureRing(memory);
		const reader = new CaptureReader(memory);
		let total = 0;
		let seen = 0;
		let lost = 0;
		for (const count of [1, 2, 50, 0, 3, 200, 1]) {
			for (let number = 0; number < count; number++) record(ring, total++, 20);
			ring.publish();
			for (const packet of readAll(reader)) {
				expectIntact(packet);
				seen++;
				lost += packet.lost;
			}
		}
		expect(seen + lost).toBe(total);
		expect(lost).toBeGreaterThan(200);
	});

	it("is gone on with by the next worker, which finds what the last one died of", () => {
		const memory = memoryOf(4_096);
		const ring = new CaptureRing(memory);
		record(ring, 0, 40);
		ring.publish();
		record(ring, 1, 40);
		ring.secure();
		record(ring, 2, 40);
		// And here it dies.
		const next = new CaptureRing(memory);
		expect(
			readAll(new CaptureReader(memory)).map(({ serial }) => serial),
		).toEqual([0, 1]);
		record(next, 2, 40);
		next.publish();
		const packets = readAll(new CaptureReader(memory));
		expect(packets.map(({ serial }) => serial)).toEqual([0, 1, 2]);
		packets.forEach(expectIntact);
	});

	it("throws on nothing that may stand in its memory", () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ minLength: 544, maxLength: 544 }),
				(noise) => {
					const memory = memoryOf(480);
					// The capacity and the snap length are not the writer's to change.
					new Uint8Array(memory).set(noise.subarray(64), 64);
					const words = new Int32Array(memory);
					words[1] = 60;
					const reader = new CaptureReader(memory);
					for (let turn = 0; turn < 100; turn++) reader.next(60);
				},
			),
		);
	});
});

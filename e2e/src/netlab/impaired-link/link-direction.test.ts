// A direction delivers what its fates say, when they say it, and its ledger always adds up.

import { describe, expect, it } from "vitest";
import type { Impairments } from "./impairments.js";
import { LinkDirection } from "./link-direction.js";
import { packetsUnaccounted } from "./link-ledger.js";

const HEADERS_BYTES = 28;

/** An IPv4 packet with a UDP header and a payload of one number, repeated. */
function udpPacket(number: number, payloadBytes = 100): Buffer {
	const packet = Buffer.alloc(HEADERS_BYTES + payloadBytes, number & 0xff);
	packet.fill(0, 0, HEADERS_BYTES);
	packet[0] = 0x45;
	packet[9] = 17;
	packet.set([198, 18, 2, 2], 16);
	packet.writeUInt16BE(packet.length, 2);
	packet.writeUInt32BE(number, HEADERS_BYTES);
	return packet;
}

const numberOf = (packet: Buffer) => packet.readUInt32BE(HEADERS_BYTES);

function makeDirection(impairments: Impairments, isTaken = () => true) {
	const left: Buffer[] = [];
	const direction = new LinkDirection({
		direction: "up",
		seed: 5,
		watch: null,
		emit: (packet) => {
			if (!isTaken()) return false;
			left.push(Buffer.from(packet));
			return true;
		},
	});
	direction.set(impairments, 0);
	return { direction, left };
}

/** One packet per millisecond, then everything that waits. */
function carry(direction: LinkDirection, packets: number): void {
	for (let number = 0; number < packets; number += 1) {
		direction.enter(udpPacket(number), number * 1_000);
		direction.release(number * 1_000);
	}
	direction.release(Number.MAX_SAFE_INTEGER);
}

describe("without impairments", () => {
	it("hands packets on at once, unchanged and in order", () => {
		const { direction, left } = makeDirection({});
		direction.enter(udpPacket(1), 0);
		expect(left).toEqual([udpPacket(1)]);
		carry(direction, 100);
		expect(left.slice(1).map(numberOf)).toEqual([...Array(100).keys()]);
	});

	it("takes the kernel's multicast off the link", () => {
		const { direction, left } = makeDirection({});
		const report = udpPacket(1);
		report.set([224, 0, 0, 22], 16);
		direction.enter(report, 0);
		const solicitation = Buffer.alloc(48);
		solicitation[0] = 0x60;
		solicitation[24] = 0xff;
		direction.enter(solicitation, 0);
		expect(left).toEqual([]);
		expect(direction.ledger()).toMatchObject({ entered: 0, chatter: 2 });
	});
});

describe("time", () => {
	it("holds a packet for its delay, to the microsecond of the given clock", () => {
		const { direction, left } = makeDirection({ delayMs: 10 });
		direction.enter(udpPacket(1), 500);
		expect(direction.nextReleaseUs).toBe(10_500);
		direction.release(10_499);
		expect(left).toHaveLength(0);
		direction.release(10_500);
		expect(left).toHaveLength(1);
	});

	it("reorders by jitter, unless order is to be kept", () => {
		const isSorted = (numbers: readonly number[]) =>
			numbers.every((number, place) => number >= (numbers[place - 1] ?? 0));
		const jitter = { delayMs: 50, jitterMs: 30 };
		const free = makeDirection(jitter);
		carry(free.direction, 500);
		expect(isSorted(free.left.map(numberOf))).toBe(false);
		const kept = makeDirection({ ...jitter, keepsOrder: true });
		carry(kept.direction, 500);
		expect(kept.left.map(numberOf)).toEqual([...Array(500).keys()]);
	});

	it("lets late packets fall behind their successors, and only those", () => {
		const { direction, left } = makeDirection({
			reorder: { share: 0.25, byMs: 5 },
		});
		carry(direction, 1_000);
		const numbers = left.map(numberOf);
		let highest = -1;
		let overtaken = 0;
		for (const number of numbers) {
			if (number < highest) overtaken += 1;
			highest = Math.max(highest, number);
		}
		const { late } = direction.ledger();
		expect(late).toBeGreaterThan(200);
		expect(overtaken).toBeGreaterThan(200);
		expect(overtaken).toBeLessThanOrEqual(late);
	});
});

describe("bytes", () => {
	it("flips exactly one bit behind the IP header, in every copy the same", () => {
		const { direction, left } = makeDirection({
			corruptShare: 1,
			duplicateShare: 1,
		});
		direction.enter(udpPacket(7), 0);
		const [first, second] = left;
		expect(left).toHaveLength(2);
		expect(second).toEqual(first);
		const original = udpPacket(7);
		const changed = [...(first ?? [])].flatMap((octet, place) => {
			const difference = octet ^ (original[place] ?? 0);
			return difference === 0 ? [] : [{ place, difference }];
		});
		expect(changed).toHaveLength(1);
		expect(changed[0]?.place).toBeGreaterThanOrEqual(20);
		expect(Math.log2(changed[0]?.difference ?? 0) % 1).toBe(0);
	});

	it("does not keep the reader's buffer", () => {
		const { direction, left } = makeDirection({ delayMs: 1 });
		const packet = udpPacket(1);
		direction.enter(packet, 0);
		packet.fill(0);
		direction.release(1_000);
		expect(left).toEqual([udpPacket(1)]);
	});
});

describe("the ledger", () => {
	const ALL: Impairments = {
		delayMs: 3,
		jitterMs: 2,
		lossShare: 0.1,
		duplicateShare: 0.1,
		reorder: { share: 0.2, byMs: 5 },
		corruptShare: 0.1,
		blackHoleAboveBytes: 1_000,
		blackouts: [{ fromMs: 100, untilMs: 150 }],
	};

	it("adds up at every moment", () => {
		let calls = 0;
		const { direction } = makeDirection(ALL, () => {
			calls += 1;
			return calls % 50 !== 0;
		});
		for (let number = 0; number < 1_000; number += 1) {
			const bytes = number % 20 === 0 ? 1_200 : 100;
			direction.enter(udpPacket(number, bytes), number * 1_000);
			direction.release(number * 1_000);
			expect(packetsUnaccounted(direction.ledger())).toBe(0);
		}
		direction.release(Number.MAX_SAFE_INTEGER);
		const ledger = direction.ledger();
		expect(ledger).toMatchObject({ entered: 1_000, waiting: 0 });
		expect(packetsUnaccounted(ledger)).toBe(0);
		for (const name of [
			"lost",
			"blackedOut",
			"tooBig",
			"duplicated",
			"late",
			"corrupted",
			"refused",
		] as const)
			expect(ledger[name], name).toBeGreaterThan(0);
	});
});

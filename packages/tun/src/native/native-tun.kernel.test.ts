// What only a kernel's TUN device can show: each offload alone, bad checksums, names of other devices, persistence.

import { afterEach, describe, expect, it } from "vitest";
import { collectSegments } from "../compliance/segment-reader.js";
import {
	patternBytes,
	TrainBuilder,
	tcpTrainHeader,
} from "../compliance/train-builder.js";
import { ROUTES } from "../compliance/tun-bench.js";
import { codeOf } from "../compliance/tun-life.js";
import { PACKET_VERDICT } from "../tun-device.js";
import { OFFLOAD } from "./addon.js";
import { ip, openWishedPair } from "./kernel-lab.js";
import { createNativePacketIo } from "./native-packet-io.js";
import type { NativeTun } from "./native-tun.js";

const ARENA_BYTES = 2 * 1_048_576;
const READ_REGION = 1_048_576;
const { virtioHeader, checksum, tso4, tso6 } = OFFLOAD;
const ALL = virtioHeader | checksum | tso4 | tso6;
const WISHES = {
	nothing: 0,
	"the header alone": virtioHeader,
	checksums: virtioHeader | checksum,
	"TSO for IPv4": virtioHeader | checksum | tso4,
	"TSO for IPv6": virtioHeader | checksum | tso6,
	"TSO without checksums": virtioHeader | tso4 | tso6,
	everything: ALL,
} as const;

const io = createNativePacketIo();
const arena = new Uint8Array(ARENA_BYTES);
const batch = io.createPacketBatch(arena, READ_REGION, READ_REGION, 256);
const opened: NativeTun[] = [];

function openPair(left: number, right: number) {
	const pair = openWishedPair(arena, { left, right });
	opened.push(pair.left, pair.right);
	return pair;
}

afterEach(() => {
	for (const tun of opened.splice(0)) {
		tun.close();
	}
});

describe("offloads", () => {
	for (const [name, wish] of Object.entries(WISHES)) {
		for (const [family, route] of Object.entries(ROUTES)) {
			for (const [wayName, left, right] of [
				["from", wish, ALL],
				["to", ALL, wish],
			] as const) {
				it(`carries a train ${wayName} a device with ${name} (${family})`, async () => {
					const pair = openPair(left, right);
					const payload = patternBytes(20 * 1_111 + 3);
					const builder = new TrainBuilder(arena);
					builder.addTcp(route, payload, 1_111);
					const { segmentsWritten } = pair.left.writeTrains(builder.trains);
					expect(segmentsWritten).toBe(21);
					const segments = await collectSegments(
						pair.right,
						{ batch, arena },
						payload.length,
					);
					const joined = segments.map((segment) => segment.payload);
					expect(Buffer.concat(joined).equals(payload)).toBe(true);
					const verdicts = new Set(segments.map(({ verdict }) => verdict));
					expect([...verdicts]).toEqual([PACKET_VERDICT.checksumGood]);
				});
			}
		}
	}

	it("are what the kernel granted", () => {
		const { left, right } = openPair(WISHES["TSO for IPv4"], ALL);
		expect(left.offloads).toEqual({ checksum: true, tso4: true, tso6: false });
		expect(right.offloads).toEqual({ checksum: true, tso4: true, tso6: true });
		left.close();
		right.close();
		const none = openPair(WISHES["TSO without checksums"], 0);
		const nothing = { checksum: false, tso4: false, tso6: false };
		expect(none.left.offloads).toEqual(nothing);
		expect(none.right.offloads).toEqual(nothing);
	});

	it("of an earlier user do not stay on a persistent device", () => {
		ip("tuntap", "add", "mode", "tun", "name", "kept0");
		const first = io.openTun({ arena, name: "kept0" });
		expect(first.offloads.tso4).toBe(true);
		first.close();
		const second = io.openTun({ arena, name: "kept0", offloads: "none" });
		expect(second.interfaceIndex).toBe(first.interfaceIndex);
		expect(second.offloads.tso4).toBe(false);
		second.close();
		ip("tuntap", "del", "mode", "tun", "name", "kept0");
	});
});

describe("verdicts", () => {
	for (const [family, route] of Object.entries(ROUTES)) {
		it(`find a checksum that is wrong (${family})`, async () => {
			const pair = openPair(ALL, 0);
			const payload = patternBytes(99);
			const header = tcpTrainHeader(route, payload.length);
			// The kernel finishes what it finds in the field, so a wrong start gives a wrong end.
			const field = header.length - 4;
			header[field] = (header[field] ?? 0) ^ 0x55;
			const builder = new TrainBuilder(arena);
			builder.add({ header, pieces: [payload], segmentSize: 99 });
			pair.left.writeTrains(builder.trains);
			const from = { batch, arena };
			const [segment] = await collectSegments(pair.right, from, 99);
			expect(segment?.verdict).toBe(PACKET_VERDICT.checksumBad);
		});
	}
});

describe("names", () => {
	it("of devices that are no TUN are taken", () => {
		expect(codeOf(() => io.openTun({ arena, name: "lo" }))).toBe("NAME_IN_USE");
	});

	it("may change while the device is open", () => {
		const { left } = openPair(ALL, ALL);
		ip("link", "set", "lab1", "down");
		ip("link", "set", "lab1", "name", "renamed1");
		ip("link", "set", "renamed1", "mtu", "1234");
		expect(left.linkMtuBytes()).toBe(1_234);
	});
});

describe("memory", () => {
	it("that was transferred away is noticed before it is touched", () => {
		const lost = new Uint8Array(ARENA_BYTES);
		const tun = io.openTun({ arena: lost });
		const lostBatch = io.createPacketBatch(lost, 0, READ_REGION, 4);
		const builder = new TrainBuilder(lost);
		structuredClone(lost, { transfer: [lost.buffer] });
		expect(() => tun.readBatch(lostBatch)).toThrow(/taken away/);
		expect(() => tun.writeTrains(builder.trains)).toThrow(/taken away/);
		tun.close();
	});

	it("of a train array that was transferred away is noticed too", () => {
		const tun = io.openTun({ arena });
		const { trains } = new TrainBuilder(arena);
		tun.writeTrains(trains);
		const { buffer } = trains.owner;
		if (buffer instanceof ArrayBuffer) {
			structuredClone(buffer, { transfer: [buffer] });
		}
		expect(() => tun.writeTrains(trains)).toThrow(/taken away/);
		tun.close();
	});

	it("of another factory's batch is refused", () => {
		const tun = io.openTun({ arena });
		const foreign = { ...batch };
		expect(() => tun.readBatch(foreign)).toThrow(/not made by this factory/);
		tun.close();
	});
});

// What only a kernel's UDP sockets can show: datagrams larger than the link, routes, transferred memory, netlink overruns.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../compliance/compliance-lab.js";
import { patternBytes, TrainBuilder } from "../compliance/train-builder.js";
import { codeOf } from "../compliance/tun-life.js";
import { LOOPBACK } from "../compliance/udp-bench.js";
import type { LinkEvent } from "../link-watch.js";
import { DATAGRAM_SLOT_BYTES } from "../packet-io.js";
import { ip, openKernelLab } from "./kernel-lab.js";
import { createNativePacketIo } from "./native-packet-io.js";

const TRAIN_SPACE = 2 * 1_048_576;
const SLOTS = 4;
const io = createNativePacketIo();
const arena = new Uint8Array(TRAIN_SPACE + SLOTS * DATAGRAM_SLOT_BYTES);
const closing: { close(): void }[] = [];

function kept<Opened extends { close(): void }>(opened: Opened): Opened {
	closing.push(opened);
	return opened;
}

beforeAll(() => ip("link", "set", "lo", "up"));
afterEach(() => {
	for (const opened of closing.splice(0)) {
		opened.close();
	}
});

describe("a link smaller than the datagrams", () => {
	for (const [family, address] of [
		[4, "198.18.1.2"],
		[6, "2001:db8:1::2"],
	] as const) {
		it(`gets them in fragments, sent one by one (IPv${family})`, async () => {
			const lab = openKernelLab();
			const both = { left: "auto", right: "auto" } as const;
			const { left, right } = lab.openTunPair(arena, both);
			kept(left);
			kept(right);
			const connect = { family, address, port: 9 };
			const socket = kept(io.openUdp({ arena, connect }));
			const builder = new TrainBuilder(arena);
			const payload = patternBytes(4_000 * 3 + 1);
			builder.add({ segmentSize: 4_000, pieces: [payload] });
			const owner = Int32Array.of(socket.token);
			const outcome = io.sendTrains(builder.trains, owner, null);
			expect(outcome).toMatchObject({ datagramsSent: 4, lastErrno: 0 });
			expect(socket.offloads.segmentation).toBe(true);
			const region = TRAIN_SPACE - 1_048_576;
			const batch = lab.io.createPacketBatch(arena, 1_048_576, region, 64);
			let bytes = 0;
			await waitFor("all fragments", () => {
				const count = left.readBatch(batch);
				for (let index = 0; index < count; index += 1) {
					const length = batch.length[index] ?? 0;
					expect(length).toBeLessThanOrEqual(1_500);
					bytes += length;
				}
				return bytes > payload.length;
			});
		});
	}
});

describe("addresses", () => {
	it("without a route are unreachable", () => {
		const connect = { family: 4, address: "192.0.2.1", port: 9 } as const;
		expect(codeOf(() => io.openUdp({ arena, connect }))).toBe("UNREACHABLE");
	});

	it("of the same port may be taken in each family, and once in both", () => {
		const bind = { family: 6, address: "::", port: 0 } as const;
		const six = kept(io.openUdp({ arena, bind }));
		const { port } = six.localAddress;
		const any = { family: 4, address: "0.0.0.0", port } as const;
		kept(io.openUdp({ arena, bind: any }));
		const both = () =>
			io.openUdp({ arena, bind: { ...bind, port }, dualStack: true });
		expect(codeOf(both)).toBe("ADDRESS_IN_USE");
	});
});

describe("large messages", () => {
	it("end a batch long before all its slots are used", async () => {
		const slots = 96;
		const region = 65_536;
		const own = new Uint8Array(region + slots * DATAGRAM_SLOT_BYTES);
		const receiver = kept(
			io.openUdp({
				arena: own,
				bind: LOOPBACK[4],
				receiveBufferBytes: 32 * 1_048_576,
			}),
		);
		const connect = receiver.localAddress;
		const sender = kept(io.openUdp({ arena: own, connect }));
		const batch = io.createDatagramBatch(own, region, slots);
		const builder = new TrainBuilder(own);
		builder.add({ segmentSize: 60_000, pieces: [patternBytes(60_000)] });
		const owner = Int32Array.of(sender.token);
		for (let sent = 0; sent < 80; sent += 1) {
			expect(io.sendTrains(builder.trains, owner, null).datagramsSent).toBe(1);
		}
		const counts: number[] = [];
		await waitFor("all messages", () => {
			const tokens = Int32Array.of(receiver.token);
			counts.push(io.receiveDatagrams(tokens, 1, batch, slots));
			return counts.reduce((sum, count) => sum + count, 0) === 80;
		});
		// 2 MiB are passed in the first call to the kernel, which takes 64 messages.
		expect(Math.max(...counts)).toBe(64);
	});
});

describe("buffers", () => {
	it("grow past the system's limit for root", () => {
		const bind = LOOPBACK[4];
		const receiveBufferBytes = 32 * 1_048_576;
		const socket = kept(io.openUdp({ arena, bind, receiveBufferBytes }));
		expect(socket.receiveBufferBytes).toBe(2 * receiveBufferBytes);
	});
});

describe("memory", () => {
	it("that was transferred away is noticed before it is touched", () => {
		const lost = new Uint8Array(2 * DATAGRAM_SLOT_BYTES);
		const own = createNativePacketIo();
		const socket = kept(own.openUdp({ arena: lost, bind: LOOPBACK[4] }));
		const batch = own.createDatagramBatch(lost, 0, 1);
		const { trains } = new TrainBuilder(lost);
		const tokens = Int32Array.of(socket.token);
		structuredClone(lost, { transfer: [lost.buffer] });
		expect(() => own.receiveDatagrams(tokens, 1, batch, 1)).toThrow(
			/taken away/,
		);
		expect(() => own.sendTrains(trains, tokens, null)).toThrow(/taken away/);
	});
});

describe("link watch", () => {
	it("tells addresses and routes", async () => {
		const events: LinkEvent[] = [];
		const watch = kept(io.openLinkWatch({ onEvent: (e) => events.push(e) }));
		const tun = kept(io.openTun({ arena, name: "watched" }));
		const { interfaceIndex } = tun;
		ip("link", "set", "watched", "up");
		ip("address", "add", "198.18.7.1/24", "dev", "watched");
		ip("-6", "address", "add", "2001:db8:7::1/64", "dev", "watched", "nodad");
		ip("route", "add", "default", "dev", "watched");
		ip("address", "del", "198.18.7.1/24", "dev", "watched");
		const expected: LinkEvent[] = [
			{
				kind: "address",
				interfaceIndex,
				family: 4,
				address: "198.18.7.1",
				isDeleted: false,
			},
			{
				kind: "address",
				interfaceIndex,
				family: 6,
				address: "2001:db8:7::1",
				isDeleted: false,
			},
			{
				kind: "route",
				family: 4,
				isDefault: true,
				interfaceIndex,
				isDeleted: false,
			},
			{
				kind: "address",
				interfaceIndex,
				family: 4,
				address: "198.18.7.1",
				isDeleted: true,
			},
		];
		await waitFor("the events", () => {
			watch.drain();
			// The kernel tells of its own link-local address too, so counting is not enough: the deletion comes last.
			return events.some((e) => e.kind === "address" && e.isDeleted);
		});
		expect(events).toEqual(expect.arrayContaining(expected));
	});

	it("says so when events were lost, and goes on", async () => {
		const events: LinkEvent[] = [];
		const watch = kept(io.openLinkWatch({ onEvent: (e) => events.push(e) }));
		const routes = Array.from(
			{ length: 2_000 },
			(_, n) => `route add 198.19.${n >> 8}.${n & 255}/32 dev lo`,
		);
		const script = path.join(tmpdir(), `tunscope-routes-${process.pid}`);
		writeFileSync(script, routes.join("\n"));
		ip("-batch", script);
		await waitFor("the overrun", () => {
			watch.drain();
			return events.some(({ kind }) => kind === "overrun");
		});
		for (let before = -1; before !== events.length; ) {
			before = events.length;
			watch.drain();
		}
		events.length = 0;
		ip("link", "set", "lo", "mtu", "65000");
		await waitFor("the next event", () => {
			watch.drain();
			return events.some(({ kind }) => kind === "link");
		});
	});
});

import {
	checksumAdd,
	checksumFinish,
	DROP,
	dropReasonName,
	ENGINE_NOTICES,
} from "@tunscope/fake-tcp";
import { describe, expect, it } from "vitest";
import { PumpPair } from "../tunnel/testing/pump-pair.js";
import { type CapturedPacket, CaptureReader } from "./capture-reader.js";
import { finishTcpChecksum } from "./finish-checksum.js";

type End = PumpPair["client"];

function capturedBy({ captured }: End): CapturedPacket[] {
	const reader = new CaptureReader(captured);
	const packets: CapturedPacket[] = [];
	for (let turn = 0; turn < 10_000; turn++) {
		const packet = reader.next(reader.end);
		if (packet === null) break;
		packets.push(packet);
	}
	return packets;
}

function controlBits({ bytes }: CapturedPacket): number {
	return bytes[33] ?? 0;
}

/** A datagram of eight octets in a plain segment. */
function isData(packet: CapturedPacket): boolean {
	return packet.packetBytes === 48 && controlBits(packet) === 0x10;
}

function withIpChecksum(packet: Uint8Array): Uint8Array {
	const view = new DataView(packet.buffer);
	view.setUint16(10, 0);
	view.setUint16(10, checksumFinish(checksumAdd(view, 0, 20, 0)));
	return packet;
}

/** A pair in the middle of a conversation. */
function conversation() {
	const pair = new PumpPair({ client: 8, server: 8 });
	const [socket] = pair.conversations(1);
	if (socket === undefined) throw new Error("no application");
	return { pair, socket };
}

describe("the capture of a pump", () => {
	it("holds the handshake and the datagram, in order, the other way round at the other end", () => {
		const { pair } = conversation();
		const client = capturedBy(pair.client);
		const [syn, synAck] = client;
		if (syn === undefined || synAck === undefined) throw new Error("nothing");
		expect([syn, synAck].map(controlBits)).toEqual([0x02, 0x12]);
		expect([syn.isOutgoing, synAck.isOutgoing]).toEqual([true, false]);
		const carrying = client.filter(isData);
		expect(carrying).toHaveLength(1);
		expect(carrying[0]?.bytes.subarray(40)).toEqual(new Uint8Array(8).fill(1));
		const server = capturedBy(pair.server);
		expect(server.map(({ isOutgoing }) => !isOutgoing)).toEqual(
			client.map(({ isOutgoing }) => isOutgoing),
		);
		expect(server.map(controlBits)).toEqual(client.map(controlBits));
		const all = [...client, ...server];
		expect(all.every(({ dropReason }) => dropReason === null)).toBe(true);
	});

	it("records a super-segment as the one packet that it is, with its segment size and its real length", () => {
		const { pair, socket } = conversation();
		const before = capturedBy(pair.client).length;
		for (let datagram = 0; datagram < 40; datagram++) pair.send(socket, 7);
		pair.settle();
		for (const [end, isOutgoing] of [
			[pair.client, true],
			[pair.server, false],
		] as const) {
			const trains = capturedBy(end)
				.slice(before)
				.filter((packet) => packet.segmentBytes > 0);
			expect(trains).toMatchObject([
				{ isOutgoing, segmentBytes: 8, packetBytes: 40 + 40 * 8 },
			]);
			const [train] = trains;
			expect(train?.bytes).toHaveLength(256);
			expect(train?.bytes.subarray(40)).toEqual(new Uint8Array(216).fill(7));
		}
	});

	it("notes why a packet was discarded, and no other", () => {
		const { pair, socket } = conversation();
		const before = capturedBy(pair.server).length;
		const sound = capturedBy(pair.client).findLast(isData);
		const bad = Uint8Array.from(sound?.bytes ?? []);
		// A payload octet is another one on the way: the checksum is wrong now.
		bad[bad.length - 1] = 0xee;
		bad[36] = 0x12;
		pair.send(socket, 3);
		pair.client.turn(pair.nowMs);
		pair.network.inject(pair.server.tun, bad);
		pair.network.inject(pair.server.tun, Uint8Array.of(0x95, 1, 2));
		pair.settle();
		expect(
			capturedBy(pair.server)
				.slice(before)
				.filter(({ isOutgoing }) => !isOutgoing)
				.map(({ dropReason }) =>
					dropReason === null ? null : dropReasonName(dropReason),
				),
		).toEqual([null, "bad-tcp-checksum", "bad-ip-version"]);
	});

	it("notes what was noticed about a packet beside its drop", () => {
		const { pair } = conversation();
		const reset = Uint8Array.from(
			capturedBy(pair.server).findLast(isData)?.bytes.subarray(0, 40) ?? [],
		);
		const view = new DataView(reset.buffer);
		view.setUint16(2, reset.length);
		// Within the window, but not the exact sequence number.
		view.setUint32(24, (view.getUint32(24) + 1_000) >>> 0);
		view.setUint8(33, 0x04);
		const words = [12, 14, 16, 18].map((at) => view.getUint16(at));
		const sum = words.reduce((total, word) => total + word, 6 + 20);
		view.setUint16(36, (sum & 0xffff) + (sum >>> 16));
		finishTcpChecksum(reset);
		pair.network.inject(pair.server.tun, withIpChecksum(reset));
		pair.settle();
		const last = capturedBy(pair.server).findLast(
			(packet) => controlBits(packet) === 0x04,
		);
		expect(ENGINE_NOTICES[last?.notice ?? -1]).toBe("reset-challenged");
	});

	it("says of packets that the TUN did not take why not", () => {
		const { pair, socket } = conversation();
		for (const [prepare, reason] of [
			[() => pair.client.pump.setTun(null), "tun-down"],
			[
				() => {
					pair.client.pump.setTun(pair.client.tun);
					pair.network.setTunDown(pair.client.tun, true);
				},
				"tun-down",
			],
			[() => pair.network.deleteTun(pair.client.tun), "tun-write-failed"],
		] as const) {
			prepare();
			pair.send(socket, 5);
			pair.settle();
			expect(capturedBy(pair.client).at(-1)).toMatchObject({
				isOutgoing: true,
				dropReason: DROP[reason],
			});
		}
	});
});

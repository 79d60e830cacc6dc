// The timed functions and their references do the same work: a fast wrong answer would win every comparison.

import {
	MAX_SUPER_SEGMENT_BYTES,
	RegionTable,
	TrainTable,
	VERDICT,
} from "@tunscope/fake-tcp";
import { describe, expect, it } from "vitest";
import { establishedPair, UPLINK_OFFSET } from "./engine-end.js";
import { microCases } from "./micro-cases.js";
import { SlowReceiver, slowParse, slowVerify } from "./slow-receive.js";
import { slowSend } from "./slow-send.js";
import { slowTrains } from "./slow-trains.js";

const SIZE_BYTES = 1_400;

function sendTrain(datagrams: number) {
	const pair = establishedPair();
	const { client, flow, nowMs } = pair;
	const bytes = datagrams * SIZE_BYTES;
	client.arena.fill(0xa5, UPLINK_OFFSET, UPLINK_OFFSET + bytes);
	client.uplink.append(flow.slot, UPLINK_OFFSET, bytes, SIZE_BYTES);
	client.engine.send(flow, client.uplink, 0, nowMs);
	client.engine.flush();
	const [packet] = client.takeSent();
	if (packet === undefined) throw new Error("nothing was sent");
	return { ...pair, packet };
}

describe("the engine and its slow references", () => {
	it("send the same segment for one datagram", () => {
		const { packet } = sendTrain(1);
		const fast = slowParse(packet);
		if (fast === null) throw new Error("not a segment");
		const slow = slowParse(
			slowSend(
				{
					source: [192, 168, 200, 2],
					destination: [192, 168, 201, 2],
					sourcePort: fast.sourcePort,
					destinationPort: fast.destinationPort,
					sequence: fast.sequence,
					acknowledgement: fast.acknowledgement,
				},
				new Uint8Array(SIZE_BYTES).fill(0xa5),
			),
		);
		expect(slow).toEqual(fast);
	});

	it("receive the same bytes from a super-segment", () => {
		const { server, nowMs, packet } = sendTrain(46);
		const slow = new SlowReceiver();
		slow.receive(packet, SIZE_BYTES);
		server.engine.receive(server.layOut([packet], SIZE_BYTES), nowMs);
		server.engine.flush();
		expect([...slow.delivered.values()]).toEqual([server.deliveredBytes]);
		expect(server.deliveredBytes).toBe(46 * SIZE_BYTES);
	});

	it.each([
		["right", 0],
		["wrong", 1],
	])("agree about a %s checksum", (_, change) => {
		const { server, nowMs, packet } = sendTrain(1);
		packet[100] = (packet[100] ?? 0) + change;
		server.engine.receive(
			server.layOut([packet], 0, VERDICT.checksumUnknown),
			nowMs,
		);
		expect(slowVerify(packet)).toBe(change === 0);
		expect(server.deliveredBytes).toBe(change === 0 ? SIZE_BYTES : 0);
	});

	it("group interleaved datagrams into the same trains", () => {
		const messages = Array.from({ length: 200 }, (_, index) => ({
			owner: index % 3,
			offset: index * 2_048,
			length: SIZE_BYTES,
		}));
		const maxTrainBytes = MAX_SUPER_SEGMENT_BYTES - 60;
		const table = new TrainTable({
			regions: new RegionTable(1_024),
			capacity: 64,
			ownerCount: 3,
			maxTrainBytes,
			maxSegmentsPerTrain: 64,
		});
		for (const { owner, offset, length } of messages)
			table.append(owner, offset, length, length);
		const fast = Array.from({ length: table.count }, (_, train) => {
			const parts: { offset: number; length: number }[] = [];
			table.forEachDatagram(train, (offset, length) =>
				parts.push({ offset, length }),
			);
			return { owner: table.owner[train], segmentSize: SIZE_BYTES, parts };
		});
		const byOwner = fast.sort((a, b) => (a.owner ?? 0) - (b.owner ?? 0));
		expect(slowTrains(messages, maxTrainBytes)).toEqual(byOwner);
	});

	it("can be called again and again", () => {
		for (const { fast, slow } of microCases()) {
			for (let call = 0; call < 3; call += 1) fast();
			slow();
		}
	});
});

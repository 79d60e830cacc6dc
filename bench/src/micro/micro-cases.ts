// The hot functions of the pure core, each with the slow reference it is held against.

import {
	invariant,
	MAX_SUPER_SEGMENT_BYTES,
	RegionTable,
	TrainTable,
	VERDICT,
} from "@tunscope/fake-tcp";
import { establishedPair, SERVER_PORT, UPLINK_OFFSET } from "./engine-end.js";
import { SlowReceiver, slowVerify } from "./slow-receive.js";
import { type SlowFlow, slowSend } from "./slow-send.js";
import { type Message, slowTrains } from "./slow-trains.js";

export interface MicroCase {
	readonly title: string;
	/** Both do the same work: `operations` datagrams per call. */
	readonly fast: () => void;
	readonly slow: () => void;
	readonly datagramsPerCall: number;
	/** Times as fast as the reference: the goal is about half of what was measured when it was set, the floor a third. */
	readonly goal: number;
	readonly floor: number;
}

const SIZE_BYTES = 1_400;
const TRAIN_DATAGRAMS = 46;

/** Appending a batch of 64 single datagrams of 8 interleaved flows. */
function appendCase(): MicroCase {
	const messages: Message[] = Array.from({ length: 64 }, (_, index) => ({
		owner: index % 8,
		offset: index * 2_048,
		length: SIZE_BYTES,
	}));
	const maxTrainBytes = MAX_SUPER_SEGMENT_BYTES - 60;
	const regions = new RegionTable(1_024);
	const table = new TrainTable({
		regions,
		capacity: 1_024,
		ownerCount: 64,
		maxTrainBytes,
		maxSegmentsPerTrain: 64,
	});
	return {
		title: "train table: append 64 datagrams of 8 interleaved flows",
		fast: () => {
			for (const { owner, offset, length } of messages)
				table.append(owner, offset, length, length);
			table.clear();
			regions.clear();
		},
		slow: () => {
			slowTrains(messages, maxTrainBytes);
		},
		datagramsPerCall: messages.length,
		goal: 8,
		floor: 5,
	};
}

function sendCase(): MicroCase {
	const { client, flow, nowMs } = establishedPair();
	client.keepsPackets = false;
	const { uplink, engine, arena } = client;
	const bytes = TRAIN_DATAGRAMS * SIZE_BYTES;
	const slowFlow: SlowFlow = {
		source: [192, 168, 200, 2],
		destination: [192, 168, 201, 2],
		sourcePort: 40_000,
		destinationPort: SERVER_PORT,
		sequence: 1,
		acknowledgement: 1,
	};
	return {
		title: "engine.send: a train of 46 datagrams",
		fast: () => {
			uplink.append(flow.slot, UPLINK_OFFSET, bytes, SIZE_BYTES);
			engine.send(flow, uplink, 0, nowMs);
			engine.flush();
			uplink.clear();
			uplink.regions.clear();
		},
		slow: () => {
			for (let datagram = 0; datagram < TRAIN_DATAGRAMS; datagram += 1) {
				const at = UPLINK_OFFSET + datagram * SIZE_BYTES;
				slowSend(slowFlow, arena.subarray(at, at + SIZE_BYTES));
			}
		},
		datagramsPerCall: TRAIN_DATAGRAMS,
		goal: 150,
		floor: 80,
	};
}

/** A packet with the given datagrams as the client sends it. */
function sentPacket(datagrams: number): {
	readonly pair: ReturnType<typeof establishedPair>;
	readonly packet: Uint8Array;
} {
	const pair = establishedPair();
	const { client, flow, nowMs } = pair;
	const bytes = datagrams * SIZE_BYTES;
	client.uplink.append(flow.slot, UPLINK_OFFSET, bytes, SIZE_BYTES);
	client.engine.send(flow, client.uplink, 0, nowMs);
	client.engine.flush();
	const packet = client.takeSent().at(-1);
	invariant(packet !== undefined, "a datagram sent is a packet sent");
	return { pair, packet };
}

function receiveCase(): MicroCase {
	const { pair, packet } = sentPacket(TRAIN_DATAGRAMS);
	const { server, nowMs } = pair;
	server.keepsPackets = false;
	const batch = server.layOut([packet], SIZE_BYTES);
	const slow = new SlowReceiver();
	return {
		title: "engine.receive: a super-segment of 46 datagrams",
		fast: () => {
			server.engine.receive(batch, nowMs);
			server.engine.flush();
		},
		slow: () => slow.receive(packet, SIZE_BYTES),
		datagramsPerCall: TRAIN_DATAGRAMS,
		goal: 50,
		floor: 30,
	};
}

/** Segments that nobody glued arrive one by one. */
function singlesCase(): MicroCase {
	const { pair, packet } = sentPacket(1);
	const { server, nowMs } = pair;
	server.keepsPackets = false;
	const packets = Array.from({ length: 64 }, () => packet);
	const batch = server.layOut(packets, 0);
	const slow = new SlowReceiver();
	return {
		title: "engine.receive: 64 single segments",
		fast: () => {
			server.engine.receive(batch, nowMs);
			server.engine.flush();
		},
		slow: () => {
			for (const one of packets) slow.receive(one, 0);
		},
		datagramsPerCall: packets.length,
		goal: 7,
		floor: 4,
	};
}

/** The engine's own verification, for packets that the device layer could not vouch for. */
function checksumCase(): MicroCase {
	const { pair, packet } = sentPacket(1);
	const { server, nowMs } = pair;
	server.keepsPackets = false;
	const batch = server.layOut([packet], 0, VERDICT.checksumUnknown);
	return {
		title: "engine.receive with verification of the checksum: one segment",
		fast: () => {
			server.engine.receive(batch, nowMs);
			server.engine.flush();
		},
		slow: () => {
			slowVerify(packet);
		},
		datagramsPerCall: 1,
		goal: 3,
		floor: 2,
	};
}

export function microCases(): readonly MicroCase[] {
	return [
		appendCase(),
		sendCase(),
		receiveCase(),
		singlesCase(),
		checksumCase(),
	];
}

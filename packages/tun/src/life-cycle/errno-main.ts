// The program of a child whose system calls fail on order: runs each case and prints what came of it.

import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { TrainBuilder, tcpTrainHeader } from "../compliance/train-builder.js";
import { ip } from "../native/kernel-lab.js";
import { createNativePacketIo } from "../native/native-packet-io.js";
import { DATAGRAM_SLOT_BYTES } from "../packet-io.js";

const E = constants.errno;
const EBADFD = 77;
const TRAIN_SPACE = 65_536;
const PACKET_SPACE = 131_072;
const SLOTS_START = TRAIN_SPACE + PACKET_SPACE;
const SLOTS = 4;
const LOOPBACK = { family: 4, address: "127.0.0.1", port: 0 } as const;
const ROUTE = { source: "198.18.1.2", destination: "198.18.2.2" };

const planFile = process.argv.at(-1) ?? "";
const io = createNativePacketIo();
const arena = new Uint8Array(SLOTS_START + SLOTS * DATAGRAM_SLOT_BYTES);
const tun = io.openTun({ arena });
const tunThatIsUp = io.openTun({ arena });
ip("link", "set", tunThatIsUp.name, "up");
const packets = io.createPacketBatch(arena, TRAIN_SPACE, PACKET_SPACE, 4);
const datagrams = io.createDatagramBatch(arena, SLOTS_START, SLOTS);
const receiver = io.openUdp({ arena, bind: LOOPBACK });
const builder = new TrainBuilder(arena);
let serial = 0;

/** A call that fails: its name, errno, how many times, and after how many successes. */
type Failure = readonly [string, number, number, number?];

/** The next calls named here fail. */
function plan(...failures: Failure[]): void {
	serial += 1;
	const words = failures.map((failure) => failure.join(":"));
	writeFileSync(planFile, [serial, ...words].join(";"));
}

function writeTrain(errno: number): object {
	plan(["writev", errno, 1]);
	builder.clear().addTcp(ROUTE, new Uint8Array(300), 100);
	return { ...tun.writeTrains(builder.trains) };
}

/** A train of three that fails; behind it a bare segment and a train of four. */
function writeBatch(trainCount: number, errno: number): object {
	plan(["writev", errno, 1]);
	builder.clear();
	builder.addTcp(ROUTE, new Uint8Array(300), 100);
	builder.addTcp(ROUTE, new Uint8Array(0), 0);
	builder.addTcp(ROUTE, new Uint8Array(400), 100);
	builder.trains.count = trainCount;
	return { ...tunThatIsUp.writeTrains(builder.trains) };
}

/** Six segments in more regions than one call takes, so that each is written alone; the third fails. */
function writeCut(errno: number): object {
	const payload = new Uint8Array(1_500);
	const header = tcpTrainHeader(ROUTE, payload.length);
	const pieces = Array.from(payload, (byte) => Uint8Array.of(byte));
	builder.clear().add({ header, pieces, segmentSize: 250 });
	plan(["writev", errno, 1, 2]);
	return { ...tunThatIsUp.writeTrains(builder.trains) };
}

function readPackets(errno: number): number {
	plan(["read", errno, 1]);
	return tun.readBatch(packets);
}

/** Sends a train of three datagrams, or one datagram, on a socket of its own. */
function send(datagramCount: number, ...failures: Failure[]): object {
	const sender = io.openUdp({ arena, connect: receiver.localAddress });
	const payload = new Uint8Array(100 * datagramCount);
	builder.clear().add({ segmentSize: 100, pieces: [payload] });
	plan(...failures);
	const ownerSocket = Int32Array.of(sender.token);
	const outcome = { ...io.sendTrains(builder.trains, ownerSocket, null) };
	const { segmentation } = sender.offloads;
	sender.close();
	return { ...outcome, segmentation };
}

function receive(errno: number, times: number): object {
	const tokens = Int32Array.of(receiver.token);
	plan();
	while (io.receiveDatagrams(tokens, 1, datagrams, SLOTS) > 0) {
		// Empties the queue of what earlier cases sent.
	}
	send(1);
	plan(["recvmmsg", errno, times]);
	const messages = io.receiveDatagrams(tokens, 1, datagrams, SLOTS);
	return {
		messages,
		errors: [...datagrams.errorNumber].slice(0, datagrams.errorCount),
	};
}

console.log(
	JSON.stringify({
		writes: {
			EAGAIN: writeTrain(E.EAGAIN),
			ENOBUFS: writeTrain(E.ENOBUFS),
			EIO: writeTrain(E.EIO),
			EBADFD: writeTrain(EBADFD),
			ENODEV: writeTrain(E.ENODEV),
			EINVAL: writeTrain(E.EINVAL),
			EPERM: writeTrain(E.EPERM),
			"EAGAIN, then a bare segment": writeBatch(2, E.EAGAIN),
			"EBADFD, and what is behind it": writeBatch(3, EBADFD),
		},
		cutWrites: {
			EAGAIN: writeCut(E.EAGAIN),
			EIO: writeCut(E.EIO),
			EPERM: writeCut(E.EPERM),
			ENODEV: writeCut(E.ENODEV),
		},
		reads: {
			EINTR: readPackets(E.EINTR),
			EINVAL: readPackets(E.EINVAL),
			EBADFD: readPackets(EBADFD),
			ENODEV: readPackets(E.ENODEV),
		},
		sends: {
			nothing: send(3),
			EINTR: send(3, ["sendmmsg", E.EINTR, 3]),
			EAGAIN: send(3, ["sendmmsg", E.EAGAIN, 1]),
			ENOBUFS: send(1, ["sendmmsg", E.ENOBUFS, 1]),
			EPERM: send(1, ["sendmmsg", E.EPERM, 1]),
			"EMSGSIZE alone": send(1, ["sendmmsg", E.EMSGSIZE, 1]),
			"EMSGSIZE train": send(3, ["sendmmsg", E.EMSGSIZE, 1]),
			"EINVAL alone": send(1, ["sendmmsg", E.EINVAL, 1]),
			"EINVAL train": send(3, ["sendmmsg", E.EINVAL, 1]),
			"EIO train": send(3, ["sendmmsg", E.EIO, 1]),
			"EIO train, then EAGAIN": send(
				3,
				["sendmmsg", E.EIO, 1],
				["sendmsg", E.EAGAIN, 1],
			),
			"EINVAL train, then EMSGSIZE": send(
				3,
				["sendmmsg", E.EINVAL, 1],
				["sendmsg", E.EMSGSIZE, 3],
			),
			"refused once": send(3, ["sendmmsg", E.ECONNREFUSED, 1]),
			"refused for ever": send(1, ["sendmmsg", E.ECONNREFUSED, 9]),
			"refused in singles": send(
				3,
				["sendmmsg", E.EINVAL, 1],
				["sendmsg", E.ECONNREFUSED, 2],
			),
		},
		receives: {
			EINTR: receive(E.EINTR, 2),
			EAGAIN: receive(E.EAGAIN, 1),
			ENOMEM: receive(E.ENOMEM, 1),
			"ECONNREFUSED twice": receive(E.ECONNREFUSED, 2),
			"ECONNREFUSED for ever": receive(E.ECONNREFUSED, 99),
		},
	}),
);

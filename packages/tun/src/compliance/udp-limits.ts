// What every UDP implementation does with refusals, limits, full queues and closed sockets.

import { constants } from "node:os";
import { expect, it } from "vitest";
import { type ComplianceLab, waitFor } from "./compliance-lab.js";
import { patternBytes } from "./train-builder.js";
import {
	LOOPBACK,
	type Message,
	type UdpBench,
	useUdpBench,
} from "./udp-bench.js";

async function countsRefusals(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	receiver.close();
	expect(bench.send(sender, patternBytes(5)).datagramsSent).toBe(1);
	const outcome = await waitFor("the refusal", () => {
		const sent = { ...bench.send(sender, patternBytes(5)) };
		return sent.refusals > 0 ? sent : null;
	});
	expect(outcome).toMatchObject({
		datagramsSent: 1,
		refusals: 1,
		lastRefusedOwner: 0,
		lastErrno: constants.errno.ECONNREFUSED,
		datagramsDroppedOther: 0,
	});
}

async function reportsRefusalOnRead(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	receiver.close();
	bench.send(sender, patternBytes(5));
	await waitFor("the error entry", () => {
		bench.receiveNow(sender);
		return bench.batch.errorCount === 1;
	});
	expect(bench.batch.errorToken[0]).toBe(sender.token);
	expect(bench.batch.errorNumber[0]).toBe(constants.errno.ECONNREFUSED);
	bench.receiveNow(sender);
	expect(bench.batch.errorCount).toBe(0);
}

async function stopsAtLimit(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	for (let index = 0; index < 5; index += 1) {
		bench.send(sender, Uint8Array.of(index));
	}
	const first = await waitFor("the first three", () => {
		const some = bench.receiveNow(receiver, 3);
		return some.length > 0 ? some : null;
	});
	const rest = bench.receiveNow(receiver);
	expect(first.map(({ payload }) => payload[0])).toEqual([0, 1, 2]);
	expect(rest.map(({ payload }) => payload[0])).toEqual([3, 4]);
	expect(bench.receiveNow(receiver, 0)).toEqual([]);
}

async function carriesEmptyDatagram(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	expect(bench.send(sender, new Uint8Array(0)).datagramsSent).toBe(1);
	const [message] = await bench.receive(receiver, 1);
	expect(message?.segmentSize).toBe(0);
	expect(message?.payload).toHaveLength(0);
}

async function knowsTheLargestDatagram(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	expect(bench.send(sender, patternBytes(65_507)).datagramsSent).toBe(1);
	const [message] = await bench.receive(receiver, 1);
	expect(message?.payload).toEqual(patternBytes(65_507));
	expect(bench.send(sender, patternBytes(65_508))).toMatchObject({
		datagramsSent: 0,
		datagramsDroppedTooBig: 1,
		lastErrno: constants.errno.EMSGSIZE,
	});
}

async function splitsLongTrains(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4, {
		receiveBufferBytes: 1 << 22,
	});
	const payload = patternBytes(64 * 100 + 250);
	expect(bench.send(sender, payload, 100).datagramsSent).toBe(67);
	const large = patternBytes(70_000);
	expect(bench.send(sender, large, 1_400).datagramsSent).toBe(50);
	const received: Message[] = [];
	await waitFor("all bytes", () => {
		received.push(...bench.receiveNow(receiver));
		const bytes = received.reduce((sum, one) => sum + one.payload.length, 0);
		return bytes === payload.length + large.length;
	});
	const joined = Buffer.concat(received.map((one) => one.payload));
	expect(joined.equals(Buffer.concat([payload, large]))).toBe(true);
}

async function mapsOwnersToSockets(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4);
	const { builder } = bench;
	builder.clear();
	builder.add({ owner: 0, segmentSize: 1, pieces: [Uint8Array.of(1)] });
	builder.add({ owner: 1, segmentSize: 1, pieces: [Uint8Array.of(2, 3)] });
	builder.add({ owner: 0, segmentSize: 2, pieces: [Uint8Array.of(4, 5)] });
	const ownerSocket = Int32Array.of(sender.token, -1);
	expect(bench.sendBuilt(ownerSocket)).toMatchObject({
		datagramsSent: 2,
		datagramsDroppedOther: 2,
		lastErrno: constants.errno.EBADF,
	});
	const messages = await bench.receive(receiver, 2);
	expect(messages.map(({ payload }) => payload[0])).toEqual([1, 4]);
	builder.trains.owner[0] = 2;
	expect(() => bench.sendBuilt(ownerSocket)).toThrow(/no entry/);
}

async function countsOverflow(bench: UdpBench) {
	const { receiver, sender } = bench.openPair(4, {
		receiveBufferBytes: 8_192,
		offloads: "none",
	});
	const sent = 100;
	for (let index = 0; index < sent; index += 1) {
		bench.send(sender, patternBytes(1_000));
	}
	const received = await bench.receive(receiver, 1);
	for (let some = bench.receiveNow(receiver); some.length > 0; ) {
		received.push(...some);
		some = bench.receiveNow(receiver);
	}
	// The count travels with the next datagram that does fit.
	bench.send(sender, patternBytes(1));
	await bench.receive(receiver, 1);
	expect(receiver.overflowDrops).toBeGreaterThan(0);
	expect(receiver.overflowDrops + received.length).toBe(sent);
	receiver.close();
	expect(receiver.overflowDrops + received.length).toBe(sent);
}

function takesStaleTokensAsErrors(bench: UdpBench) {
	const { io } = bench.lab;
	const first = bench.open({ bind: LOOPBACK[4] });
	const { token } = first;
	first.close();
	first.close();
	const tokens = Int32Array.of(token, 9_999, -1);
	io.receiveDatagrams(tokens, 3, bench.batch, 16);
	const { batch } = bench;
	expect(batch.count).toBe(0);
	expect([...batch.errorToken.slice(0, batch.errorCount)]).toEqual([...tokens]);
	expect(batch.errorNumber[0]).toBe(constants.errno.EBADF);
	expect(bench.open({ bind: LOOPBACK[4] }).token).toBe(token);
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeUdpLimits(openLab: () => ComplianceLab): void {
	const bench = useUdpBench(openLab);
	it("counts a refusal as a value and sends the next datagram all the same", async () =>
		await countsRefusals(bench()));
	it("reports a refusal while reading as an error entry", async () =>
		await reportsRefusalOnRead(bench()));
	it("stops at the limit and goes on with the rest", async () =>
		await stopsAtLimit(bench()));
	it("carries an empty datagram", async () =>
		await carriesEmptyDatagram(bench()));
	it("sends 65,507 bytes in one datagram, and counts one more as too big", async () =>
		await knowsTheLargestDatagram(bench()));
	it("splits a train of more than one message takes", async () =>
		await splitsLongTrains(bench()));
	it("sends trains of several owners in order, and counts those without socket", async () =>
		await mapsOwnersToSockets(bench()));
	it("counts what a full queue dropped", async () =>
		await countsOverflow(bench()));
	it("takes a closed socket's token as an error value, and gives it out again", () =>
		takesStaleTokensAsErrors(bench()));
}

// What every UDP implementation does with families, addresses and GRO.

import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { localAddressText, remoteAddress } from "../endpoint-words.js";
import { ENDPOINT_WORDS } from "../udp-socket.js";
import type { ComplianceLab } from "./compliance-lab.js";
import { patternBytes } from "./train-builder.js";
import { codeOf } from "./tun-life.js";
import { LOOPBACK, type UdpBench, useUdpBench } from "./udp-bench.js";

const WRONG_OPTIONS: readonly object[] = [
	{ bnid: LOOPBACK[4] },
	{},
	{ bind: { ...LOOPBACK[4], port: 65_536 } },
	{ bind: { ...LOOPBACK[4], port: -1 } },
	{ bind: { ...LOOPBACK[4], port: 1.5 } },
	{ bind: { ...LOOPBACK[4], address: "localhost" } },
	{ bind: { ...LOOPBACK[4], family: 6 } },
	{ bind: { family: 6, address: "fe80::1%lo", port: 0 } },
	{ connect: LOOPBACK[4] },
	{ bind: LOOPBACK[4], dualStack: true },
	{ bind: LOOPBACK[4], receiveBufferBytes: 0 },
	{ bind: LOOPBACK[4], offloads: "yes" },
];

async function gluesForGro(bench: UdpBench, family: 4 | 6) {
	const { receiver, sender } = bench.openPair(family);
	const payload = patternBytes(30 * 1_200 + 17);
	expect(bench.send(sender, payload, 1_200).datagramsSent).toBe(31);
	const [message] = await bench.receive(receiver, 1);
	expect(message?.segmentSize).toBe(1_200);
	expect(message?.token).toBe(receiver.token);
	expect(message?.payload).toEqual(payload);
}

async function splitsWithoutGro(bench: UdpBench, family: 4 | 6) {
	const { receiver, sender } = bench.openPair(family, { offloads: "none" });
	expect(receiver.offloads).toEqual({ gro: false, segmentation: false });
	bench.send(sender, patternBytes(3 * 500 + 1), 500);
	const messages = await bench.receive(receiver, 4);
	const lengths = messages.map(({ payload }) => payload.length);
	expect(lengths).toEqual([500, 500, 500, 1]);
	expect(messages.map(({ segmentSize }) => segmentSize)).toEqual(lengths);
}

async function sendsWithoutSegmentation(bench: UdpBench, family: 4 | 6) {
	const receiver = bench.open({ bind: LOOPBACK[family] });
	const connect = receiver.localAddress;
	const sender = bench.open({ connect, offloads: "none" });
	const payload = patternBytes(3 * 500 + 1);
	expect(bench.send(sender, payload, 500).datagramsSent).toBe(4);
	const messages = await bench.receive(receiver, 4);
	const joined = Buffer.concat(messages.map((message) => message.payload));
	expect(joined.equals(payload)).toBe(true);
}

async function answersFromUsedAddress(bench: UdpBench, family: 4 | 6) {
	const any = family === 4 ? "0.0.0.0" : "::";
	const address = family === 4 ? "127.0.0.9" : "::1";
	const server = bench.open({ bind: { family, address: any, port: 0 } });
	const { port } = server.localAddress;
	const client = bench.open({ connect: { family, address, port } });
	bench.send(client, patternBytes(50));
	const [question] = await bench.receive(server, 1);
	const endpoint = question?.endpoint ?? new Int32Array(ENDPOINT_WORDS);
	expect(remoteAddress(endpoint, 0)).toEqual(client.localAddress);
	expect(localAddressText(endpoint, 0)).toBe(address);
	// The client is connected to that very address, so an answer from another would not reach it.
	const outcome = bench.send(server, patternBytes(60), 25, endpoint);
	expect(outcome).toMatchObject({ datagramsSent: 3, lastErrno: 0 });
	const [answer] = await bench.receive(client, 1);
	expect(answer?.payload).toEqual(patternBytes(60));
}

function saysWhatIsTaken(bench: UdpBench, family: 4 | 6) {
	const { localAddress } = bench.open({ bind: LOOPBACK[family] });
	const address = family === 4 ? "203.0.113.1" : "2001:db8:ffff::1";
	expect(codeOf(() => bench.open({ bind: localAddress }))).toBe(
		"ADDRESS_IN_USE",
	);
	const foreign = { family, address, port: 0 };
	expect(codeOf(() => bench.open({ bind: foreign }))).toBe(
		"ADDRESS_NOT_AVAILABLE",
	);
}

async function takesBothFamilies(bench: UdpBench) {
	const bind = { family: 6, address: "::", port: 0 } as const;
	const server = bench.open({ bind, dualStack: true });
	const { port } = server.localAddress;
	for (const family of [4, 6] as const) {
		const client = bench.open({ connect: { ...LOOPBACK[family], port } });
		bench.send(client, patternBytes(10));
		const [question] = await bench.receive(server, 1);
		const endpoint = question?.endpoint ?? new Int32Array(ENDPOINT_WORDS);
		expect(remoteAddress(endpoint, 0)).toEqual(client.localAddress);
		expect(localAddressText(endpoint, 0)).toBe(LOOPBACK[family].address);
		const outcome = bench.send(server, patternBytes(20), 20, endpoint);
		expect(outcome.datagramsSent).toBe(1);
		expect(await bench.receive(client, 1)).toHaveLength(1);
	}
}

function countsUnreachable(bench: UdpBench) {
	const server = bench.open({ bind: LOOPBACK[4] });
	expect(bench.send(server, patternBytes(9))).toMatchObject({
		datagramsDroppedOther: 1,
		lastErrno: constants.errno.EDESTADDRREQ,
	});
	const endpoint = new Int32Array(ENDPOINT_WORDS);
	endpoint[0] = 6 | (1 << 16);
	expect(bench.send(server, patternBytes(9), 9, endpoint)).toMatchObject({
		datagramsDroppedOther: 1,
		lastErrno: constants.errno.EAFNOSUPPORT,
	});
}

/** Runs the suite; `openLab` gives a fresh world whose factory is the one under test. */
export function describeUdpAddresses(openLab: () => ComplianceLab): void {
	const bench = useUdpBench(openLab);
	for (const family of [4, 6] as const) {
		describe(`IPv${family}`, () => {
			it("glues a train for a receiver with GRO", async () =>
				await gluesForGro(bench(), family));
			it("hands datagrams over one by one without GRO", async () =>
				await splitsWithoutGro(bench(), family));
			it("sends datagrams one by one without segmentation", async () =>
				await sendsWithoutSegmentation(bench(), family));
			it("answers from the address that was used", async () =>
				await answersFromUsedAddress(bench(), family));
			it("says that a port is taken, and that an address is not here", () =>
				saysWhatIsTaken(bench(), family));
		});
	}
	it("takes both families on a dual-stack socket, IPv4 as family 4", async () =>
		await takesBothFamilies(bench()));
	it("counts a datagram without destination, or with one of another family", () =>
		countsUnreachable(bench()));
	it("refuses misspelt options and values out of range", () => {
		for (const options of WRONG_OPTIONS) {
			expect(() => bench().open(options), JSON.stringify(options)).toThrow(
				expect.objectContaining({ name: "InvariantError" }),
			);
		}
	});
}

// What somebody who knows a flow's addresses and ports, and nothing else, can do to it.

import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import { forgeSegment } from "../testing/forge-segment.js";
import {
	datagram,
	type EngineHost,
	summarize,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const FLAGS = [RST, RST | ACK, SYN, SYN | ACK, ACK, ACK | 0x08, 0x01 | ACK, 0];

/** Numbers that look random and are the same in every run (Marsaglia's xorshift32). */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return state | 0;
	};
}

/** Rewrites a segment in place: cheaper than making a hundred thousand. */
function rewrite(
	packet: WirePacket,
	fields: { bits: number; seq: number; ack: number },
): WirePacket {
	const view = new DataView(packet.bytes.buffer);
	view.setInt32(24, fields.seq);
	view.setInt32(28, fields.ack);
	view.setUint8(33, fields.bits);
	return packet;
}

function openPair(seed: number): {
	pair: WirePair;
	client: Flow;
	server: Flow;
} {
	const pair = new WirePair({ server: { seed } });
	const client = pair.client.open(pair.nowMs);
	pair.settle();
	const server = pair.server.opened[0];
	if (server === undefined) throw new Error("no flow");
	for (const size of [500, 1_200]) {
		pair.client.send(client, [datagram(size, 1)], pair.nowMs);
		pair.server.send(server, [datagram(size, 2)], pair.nowMs);
		pair.settle();
	}
	pair.client.takeDelivered();
	pair.server.takeDelivered();
	return { pair, client, server };
}

/** 20,000 segments a second. @returns segments that the victim sent. */
function attack(
	victim: EngineHost,
	template: WirePacket,
	next: () => number,
	count: number,
): number {
	let answers = 0;
	for (let segment = 0; segment < count; segment++) {
		const bits = FLAGS[segment % FLAGS.length] ?? ACK;
		rewrite(template, { bits, seq: next(), ack: next() });
		// Verdict "good": the checksum would be right.
		victim.receive(template, 2_000 + Math.floor(segment / 20), 0);
		answers += victim.takeSent().length;
	}
	return answers;
}

describe("a hundred thousand blind segments", () => {
	it.each([
		["server", 3],
		["client", 4],
	] as const)(
		"at the %s of an open flow: no reset, at most one datagram delivered, few answers",
		(role, seed) => {
			const { pair, client, server } = openPair(seed);
			const victim = pair[role];
			const template = forgeSegment({
				to: role,
				clientPort: client.localPort,
				bits: ACK,
				payload: datagram(64, 0xee),
			});
			const answers = attack(victim, template, numbers(seed * 7_919), 100_000);
			expect(victim.closed).toEqual([]);
			expect(victim.takeDelivered().length).toBeLessThanOrEqual(1);
			expect(victim.counter("challengeAcksSent")).toBeLessThanOrEqual(500);
			// Five seconds: a hundred answers a second of one kind, and two probes a second for the SYNs.
			expect(answers).toBeLessThanOrEqual(5 * 220);
			pair.nowMs = 8_000;
			pair.client.send(client, [datagram(10, 1)], pair.nowMs);
			pair.server.send(server, [datagram(20, 2)], pair.nowMs);
			pair.settle();
			expect(pair.server.takeDelivered()).toContainEqual(datagram(10, 1));
			expect(pair.client.takeDelivered()).toContainEqual(datagram(20, 2));
		},
	);

	it("is weaker with stock's habits: one reset is enough", () => {
		const pair = new WirePair({
			server: { profile: "stock-exact" },
			client: { profile: "stock-exact" },
		});
		const client = pair.client.open(pair.nowMs);
		pair.settle();
		pair.server.receive(
			forgeSegment({
				to: "server",
				clientPort: client.localPort,
				bits: RST,
				seq: 0x7654_3210,
			}),
			pair.nowMs,
		);
		expect(pair.server.closed).toHaveLength(1);
	});
});

describe("challenge ACKs", () => {
	/** Resets that are one octet off, for every flow of the server. */
	function shake(pair: WirePair, perFlow: number): void {
		for (const flow of [...pair.server.engine.flows]) {
			const reset = forgeSegment({
				to: "server",
				clientPort: flow.remotePort,
				bits: RST,
				seq: flow.rcvNxt + 1,
			});
			for (let count = 0; count < perFlow; count++)
				pair.server.receive(reset, pair.nowMs);
		}
	}

	it("are no more than a hundred a second for all flows together, and not always as many", () => {
		const { pair } = openPair(3);
		const seen = new Set<number>();
		for (let second = 10; second < 30; second++) {
			pair.nowMs = second * 1_000;
			shake(pair, 500);
			const sent = pair.server.takeSent().length;
			expect(sent).toBeLessThanOrEqual(100);
			expect(sent).toBeGreaterThan(30);
			seen.add(sent);
		}
		expect(seen.size).toBeGreaterThan(5);
	});

	it("that the budget did not allow are made up for within five seconds by one plain ACK per flow", () => {
		const pair = new WirePair({
			client: { maxFlows: 300 },
			server: { maxFlows: 300 },
		});
		for (let flow = 0; flow < 200; flow++) pair.client.open(pair.nowMs);
		pair.settle();
		// Past the first repetition of the link MTU.
		pair.advance(9_000);
		pair.server.takeSent();
		shake(pair, 1);
		const atOnce = pair.server.takeSent().map(summarize);
		expect(atOnce.length).toBeLessThanOrEqual(100);
		const ports = new Set<number>();
		let later = 0;
		for (let tick = 1; tick <= 50; tick++) {
			pair.server.engine.expire(pair.nowMs + tick * 100);
			pair.server.engine.flush();
			for (const { bits, destinationPort } of pair.server
				.takeSent()
				.map(summarize)) {
				expect(bits).toBe(ACK);
				ports.add(destinationPort);
				later++;
			}
		}
		expect(later).toBe(200 - atOnce.length);
		expect(ports.size).toBe(later);
	});

	it("never make two of ours answer each other for ever, whatever either has lost", () => {
		const next = numbers(99);
		for (let round = 0; round < 120; round++) {
			const { pair, client, server } = openPair(5);
			pair.nowMs += 2_000;
			client.sndNxt = (client.sndNxt + (next() >> (round % 24))) | 0;
			server.sndNxt = (server.sndNxt + (next() >> (round % 20))) | 0;
			if (round % 5 === 0) client.rcvNxt = next();
			if (round % 7 === 0) server.rcvNxt = next();
			const said = {
				clientPort: client.localPort,
				seq: next() >> 8,
				ack: next(),
			};
			for (const bits of [...FLAGS, 0x11]) {
				for (const to of ["client", "server"] as const)
					pair[to].receive(forgeSegment({ to, ...said, bits }), pair.nowMs);
				pair.settle();
			}
			pair.capture.length = 0;
			pair.advance(3_000, 20);
			// Link MTU, and an ACK that is due.
			expect(pair.capture.length).toBeLessThan(40);
		}
	});
});

describe("the sequence space's end", () => {
	it("is crossed by a flow that begins ten octets before it, both ways, with nothing lost", () => {
		const { pair, client, server } = openPair(6);
		for (const [sender, receiver] of [
			[client, server],
			[server, client],
		] as const) {
			sender.sndNxt = -10;
			sender.sndUna = -10;
			sender.lastAckReceived = -10;
			receiver.rcvNxt = -10;
			receiver.lastAckSent = -10;
		}
		const datagrams = [3, 7, 10, 1_000].map((size) => datagram(size, size));
		for (const datagram_ of datagrams) {
			pair.client.send(client, [datagram_], pair.nowMs);
			pair.server.send(server, [datagram_], pair.nowMs);
			pair.settle();
		}
		expect(pair.server.takeDelivered()).toEqual(datagrams);
		expect(pair.client.takeDelivered()).toEqual(datagrams);
		expect(server.rcvNxt).toBe(1_010);
		expect(pair.server.dropsByName()).toEqual({});
		expect(pair.client.dropsByName()).toEqual({});
	});
});

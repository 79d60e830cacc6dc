import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import { forgeSegment } from "../testing/forge-segment.js";
import {
	cutSuperSegment,
	datagram,
	summarize,
	WirePair,
} from "../testing/index.js";

const ACK = 0x10;
const MIB = 1_048_576;
const GIB = 1_024 * MIB;

interface Opened {
	readonly pair: WirePair;
	readonly client: Flow;
	readonly server: Flow;
}

function openPair(maxFlows = 64): Opened {
	const pair = new WirePair({ server: { maxFlows }, client: { maxFlows } });
	return { pair, ...openFlow(pair) };
}

function openFlow(pair: WirePair): { client: Flow; server: Flow } {
	const client = pair.client.open(pair.nowMs);
	pair.settle();
	const server = pair.server.opened.at(-1);
	if (server === undefined) throw new Error("no flow");
	return { client, server };
}

/** Data towards the server, `octets` from where the flow is. */
function far(
	{ client, server }: Omit<Opened, "pair">,
	octets: number,
	fill: number,
	size = 100,
) {
	return forgeSegment({
		to: "server",
		clientPort: client.localPort,
		bits: ACK,
		seq: server.rcvNxt + octets,
		ack: server.sndNxt,
		payload: datagram(size, fill),
	});
}

describe("data far ahead", () => {
	it.each([4 * MIB + 1, 100 * MIB, GIB, 2 * GIB - 1])(
		"by %i octets is kept until the next segment continues it, then both are delivered",
		(octets) => {
			const open = openPair();
			const { pair, server } = open;
			const first = far(open, octets, 1);
			const second = far(open, octets + 100, 2);
			const before = server.rcvNxt;
			pair.server.receive(first, pair.nowMs);
			expect(pair.server.takeDelivered()).toEqual([]);
			expect(server.rcvNxt).toBe(before);
			expect(pair.server.counter("packetsHeld")).toBe(1);
			pair.server.receive(second, pair.nowMs);
			expect(pair.server.takeDelivered()).toEqual([
				datagram(100, 1),
				datagram(100, 2),
			]);
			expect(server.rcvNxt).toBe((before + octets + 200) | 0);
			expect(pair.server.counter("packetsHeld")).toBe(0);
			expect(pair.server.notices).toMatchObject([
				{ name: "outage-skipped", value: octets },
			]);
			expect(pair.server.dropsByName()).toEqual({});
		},
	);

	it("is dropped under its own reason when what comes next does not continue it", () => {
		const open = openPair();
		const { pair } = open;
		pair.server.receive(far(open, GIB, 1), pair.nowMs);
		pair.server.receive(far(open, GIB + 101, 2), pair.nowMs);
		expect(pair.server.takeDelivered()).toEqual([]);
		expect(pair.server.dropsByName()).toEqual({ "ahead-not-continued": 1 });
		pair.server.receive(far(open, GIB + 201, 3), pair.nowMs);
		expect(pair.server.takeDelivered()).toEqual([
			datagram(100, 2),
			datagram(100, 3),
		]);
	});

	it("is dropped when its acknowledgement is not one the flow could have", () => {
		const open = openPair();
		const { pair, client, server } = open;
		for (const ack of [server.sndNxt + 1, server.sndNxt - 5 * MIB]) {
			const segment = { to: "server", clientPort: client.localPort } as const;
			for (const octets of [GIB, GIB + 10])
				pair.server.receive(
					forgeSegment({
						...segment,
						bits: ACK,
						seq: server.rcvNxt + octets,
						ack,
						payload: datagram(10, 1),
					}),
					pair.nowMs,
				);
		}
		expect(pair.server.takeDelivered()).toEqual([]);
		expect(pair.server.dropsByName()).toEqual({
			"acknowledgement-out-of-window": 4,
		});
	});

	it("does not count as a sign of life until it is continued", () => {
		const open = openPair();
		const { pair, server } = open;
		const { lastInboundMs } = server;
		pair.nowMs += 5_000;
		pair.server.receive(far(open, GIB, 1), pair.nowMs);
		expect(server.lastInboundMs).toBe(lastInboundMs);
		pair.server.receive(far(open, GIB + 100, 1), pair.nowMs);
		expect(server.lastInboundMs).toBe(pair.nowMs);
	});

	it("is counted when the flow ends before anything continued it", () => {
		const open = openPair();
		const { pair } = open;
		pair.server.receive(far(open, GIB, 1), pair.nowMs);
		pair.server.engine.stop(pair.nowMs);
		expect(pair.server.dropsByName()).toEqual({ "ahead-not-continued": 1 });
		expect(pair.server.counter("packetsHeld")).toBe(0);
	});

	it("is kept for no more flows than the pool has room for; the oldest makes room, and its flow still goes on", () => {
		const open = openPair();
		const { pair } = open;
		const flows = [open, ...Array.from({ length: 5 }, () => openFlow(pair))];
		for (const [index, flow] of flows.entries())
			pair.server.receive(far(flow, GIB, index), pair.nowMs);
		expect(pair.server.counter("packetsHeld")).toBe(4);
		expect(pair.server.dropsByName()).toEqual({ "ahead-not-continued": 2 });
		for (const [index, flow] of flows.entries())
			pair.server.receive(far(flow, GIB + 100, 10 + index), pair.nowMs);
		// Six that continue, and four that were kept.
		expect(pair.server.takeDelivered()).toHaveLength(10);
	});

	it("of a super-segment keeps all its datagrams", () => {
		const open = openPair();
		const { pair, client, server } = open;
		client.sndNxt += 50 * MIB;
		const datagrams = Array.from({ length: 40 }, (_, index) =>
			datagram(1_000, index),
		);
		pair.client.send(client, datagrams, pair.nowMs);
		pair.client.send(client, datagrams, pair.nowMs);
		const packets = pair.client.takeSent();
		expect(packets).toHaveLength(2);
		// One batch: what is delivered of the copy must last until the batch is over.
		pair.server.receiveBatch(packets, pair.nowMs);
		expect(pair.server.takeDelivered()).toEqual([...datagrams, ...datagrams]);
		expect(server.rcvNxt).toBe(client.sndNxt);
	});

	it("ends an outage also on a path that never lets two segments arrive one behind the other", () => {
		const open = openPair();
		const { pair, client } = open;
		client.sndNxt += GIB;
		const datagrams = Array.from({ length: 40 }, (_, index) =>
			datagram(1_000, index),
		);
		pair.client.send(client, datagrams, pair.nowMs);
		const segments = pair.client.takeSent().flatMap(cutSuperSegment);
		const even = segments.filter((_, index) => index % 2 === 0);
		const odd = segments.filter((_, index) => index % 2 === 1);
		// Two links dealt out in turns, one of them six segments slower.
		for (let turn = 0; turn < even.length + 6; turn++)
			for (const segment of [even[turn], odd[turn - 6]])
				if (segment !== undefined) pair.server.receive(segment, pair.nowMs);
		expect(pair.server.takeDelivered().length).toBeGreaterThanOrEqual(30);
	});

	it("goes on after an outage of more than half the sequence space, which looks like the past", () => {
		const open = openPair();
		const { pair } = open;
		pair.nowMs += 10_000;
		pair.server.receive(far(open, 3 * GIB, 1), pair.nowMs);
		pair.server.receive(far(open, 3 * GIB + 100, 2), pair.nowMs);
		expect(pair.server.takeDelivered()).toHaveLength(2);
	});
});

describe("data from far behind", () => {
	it("is answered and dropped while the flow is busy, also when one continues the other", () => {
		const open = openPair();
		const { pair, server } = open;
		const before = server.rcvNxt;
		pair.server.receive(far(open, -5 * MIB, 1), pair.nowMs);
		pair.server.receive(far(open, -5 * MIB + 100, 1), pair.nowMs);
		expect(pair.server.takeDelivered()).toEqual([]);
		expect(server.rcvNxt).toBe(before);
		expect(pair.server.dropsByName()).toEqual({ "sequence-out-of-window": 2 });
		const answers = pair.server.takeSent().map(summarize);
		expect(answers.map(({ bits, ack }) => [bits, ack])).toEqual([
			[ACK, before],
		]);
	});
});

describe("an outage both ways", () => {
	it.each([5 * MIB, GIB, 3 * GIB])(
		"of %i octets ends with two segments each way, and nobody answers for ever",
		(octets) => {
			const open = openPair();
			const { pair, client, server } = open;
			// A second without data, as any outage that swallows so much.
			pair.nowMs += 1_000;
			client.sndNxt = (client.sndNxt + octets) | 0;
			server.sndNxt = (server.sndNxt + octets) | 0;
			for (const _round of [1, 2, 3]) {
				pair.client.send(client, [datagram(10, 1)], pair.nowMs);
				pair.server.send(server, [datagram(20, 2)], pair.nowMs);
				pair.settle();
			}
			expect(pair.server.takeDelivered()).toHaveLength(3);
			expect(pair.client.takeDelivered()).toHaveLength(3);
			pair.capture.length = 0;
			pair.advance(20_000);
			expect(pair.capture.length).toBeLessThan(20);
		},
	);
});

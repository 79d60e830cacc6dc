// Row 28 of the list of odd and hostile packets: what a server keeps of SYNs.

import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import { forgeSegment } from "../testing/forge-segment.js";
import {
	datagram,
	EngineHost,
	type SegmentSummary,
	summarize,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const SYN_ACK = SYN | ACK;
const STOCK_OPTIONS = "0103030e";
const HALF_OPEN_LIMIT = 1_024;
const SOURCE_LIMIT = 128;

/** SYN from address number `index` of 198.18.0.0/15. */
function floodSyn(index: number, port = 50_000): WirePacket {
	return forgeSegment({
		to: "server",
		clientAddress: `198.${18 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
		clientPort: port,
		bits: SYN,
		options: STOCK_OPTIONS,
	});
}

/** As many half-open flows as are kept, two from each /24. */
function fillHalfOpen(server: EngineHost, nowMs: number): void {
	for (let index = 0; index < HALF_OPEN_LIMIT; index++)
		server.receive(floodSyn(index << 7), nowMs);
	server.takeSent();
}

function floodedServer(maxFlows = 4_096): EngineHost {
	const server = new EngineHost({ role: "server", maxFlows });
	fillHalfOpen(server, 1_000);
	expect(server.engine.halfOpenCount).toBe(HALF_OPEN_LIMIT);
	return server;
}

const NEWCOMER = { to: "server", clientPort: 45_678 } as const;

function synAckTo(
	server: EngineHost,
	nowMs: number,
	options = STOCK_OPTIONS,
): SegmentSummary {
	server.receive(forgeSegment({ ...NEWCOMER, bits: SYN, options }), nowMs);
	const answers = server.takeSent().map(summarize);
	expect(answers).toHaveLength(1);
	const [answer] = answers;
	if (answer === undefined) throw new Error("no answer");
	expect(answer).toMatchObject({ bits: SYN_ACK, ack: 1, window: 0xffff });
	return answer;
}

describe("packet case 28: more SYNs than half-open flows are kept", () => {
	it("are answered without state, and no handshake under way is lost for them", () => {
		const server = floodedServer();
		for (let index = 0; index < 5_000; index++)
			server.receive(floodSyn(index, 50_001), 1_001);
		expect(server.engine.halfOpenCount).toBe(HALF_OPEN_LIMIT);
		expect(server.takeSent()).toHaveLength(5_000);
		expect(server.closed).toEqual([]);
		expect(server.opened).toEqual([]);
		expect(server.counter("synCookiesSent")).toBe(5_000);
	});

	it("leave nothing behind once they have ended, and both ends of the flood are noticed once", () => {
		const server = floodedServer();
		for (let index = 0; index < 2_000; index++)
			server.receive(floodSyn(index, 50_001), 1_001);
		for (let nowMs = 2_000; nowMs < 20_000; nowMs += 100)
			server.engine.expire(nowMs);
		server.engine.flush();
		expect(server.engine.flows).toHaveLength(0);
		expect(server.notices).toMatchObject([
			{ name: "syn-flood", value: HALF_OPEN_LIMIT },
			{ name: "syn-flood-over", value: 2_000 },
		]);
	});

	it("with stock's habits cost the oldest half-open flow its place", () => {
		const server = new EngineHost({
			role: "server",
			maxFlows: 4_096,
			profile: "stock-exact",
		});
		fillHalfOpen(server, 0);
		server.receive(floodSyn(9, 50_001), 1);
		expect(server.engine.halfOpenCount).toBe(HALF_OPEN_LIMIT);
		expect(server.closed).toEqual([{ slot: 0, reason: "evicted" }]);
	});
});

describe("a segment that acknowledges a cookie", () => {
	it.each([1, 500, 0x7fff_ffff, -3])(
		"opens the flow with sequence number %i, and its payload is delivered",
		(seq) => {
			const server = floodedServer();
			const { seq: isn } = synAckTo(server, 1_100);
			const payload = datagram(77, 7);
			server.receive(
				forgeSegment({ ...NEWCOMER, bits: ACK, seq, ack: isn + 1, payload }),
				1_200,
			);
			expect(server.opened).toHaveLength(1);
			expect(server.takeDelivered()).toEqual([payload]);
			expect(server.opened[0]).toMatchObject({
				state: "ESTABLISHED",
				rcvNxt: (seq + 77) | 0,
				peerLinkMtuBytes: 0,
			});
			const flow = server.opened[0] as Flow;
			server.send(flow, [datagram(5, 5)], 1_300);
			const sent = server.takeSent().map(summarize).at(-1);
			expect(sent).toMatchObject({
				seq: (isn + 1) >>> 0,
				ack: (seq + 77) >>> 0,
				payloadLength: 5,
			});
		},
	);

	it("opens nothing when it is forged, repeated for another port, or comes too late", () => {
		const server = floodedServer();
		const { seq: isn } = synAckTo(server, 1_100);
		const say = (port: number, ack: number, nowMs: number) =>
			server.receive(
				forgeSegment({
					to: "server",
					clientPort: port,
					bits: ACK,
					seq: 1,
					ack,
				}),
				nowMs,
			);
		for (let off = -500; off <= 500; off++)
			if (off !== 1) say(NEWCOMER.clientPort, isn + off, 1_200);
		say(NEWCOMER.clientPort + 1, isn + 1, 1_200);
		say(NEWCOMER.clientPort, isn + 1, 1_100 + 16_000);
		expect(server.opened).toEqual([]);
		expect(server.counter("synCookiesAccepted")).toBe(0);
		say(NEWCOMER.clientPort, isn + 1, 1_300);
		expect(server.opened).toHaveLength(1);
	});

	it("opens nothing with other control bits", () => {
		const server = floodedServer();
		const { seq: isn } = synAckTo(server, 1_100);
		for (const bits of [0, 0x01 | ACK, RST | ACK, SYN_ACK, SYN])
			server.receive(
				forgeSegment({ ...NEWCOMER, bits, seq: 1, ack: isn + 1 }),
				1_200,
			);
		expect(server.opened).toEqual([]);
	});

	it("takes the place of a handshake under way in a full table", () => {
		const server = floodedServer(HALF_OPEN_LIMIT);
		const { seq: isn } = synAckTo(server, 1_100);
		server.receive(
			forgeSegment({ ...NEWCOMER, bits: ACK, seq: 1, ack: isn + 1 }),
			1_200,
		);
		expect(server.opened).toHaveLength(1);
		expect(server.closed).toEqual([{ slot: 0, reason: "evicted" }]);
	});

	it("is told with a reset when every slot has a flow that is alive", () => {
		const pair = new WirePair({ server: { maxFlows: 3 } });
		const { server, client } = pair;
		client.open(pair.nowMs);
		client.open(pair.nowMs);
		pair.settle();
		// One handshake is sheltered in so small a table; the next SYN gets a cookie.
		client.open(pair.nowMs);
		const [syn] = client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		server.receive(syn, pair.nowMs);
		const [waiting] = server.takeSent();
		const { seq: isn } = synAckTo(server, pair.nowMs);
		if (waiting === undefined) throw new Error("no SYN+ACK");
		client.receive(waiting, pair.nowMs);
		pair.settle();
		expect(server.engine.establishedCount).toBe(3);
		server.receive(
			forgeSegment({ ...NEWCOMER, bits: ACK, seq: 1, ack: isn + 1 }),
			pair.nowMs,
		);
		expect(server.takeSent().map(summarize)).toMatchObject([
			{ bits: RST | ACK, seq: isn + 1 },
		]);
		expect(server.dropsByName()).toEqual({ "flow-limit": 1 });
		expect(server.engine.establishedCount).toBe(3);
	});

	it("keeps whether the peer is one of ours, and its limit until its link MTU is known", () => {
		const pair = new WirePair({
			server: { maxFlows: 4_096 },
			client: { linkMtuBytes: 1_492 },
		});
		fillHalfOpen(pair.server, pair.nowMs);
		let isMtuHeard = false;
		pair.wire = (packet, direction) =>
			direction === "to-server" &&
			summarize(packet).window !== 0xffff &&
			!isMtuHeard
				? []
				: [packet];
		pair.client.open(pair.nowMs);
		pair.settle();
		const flow = pair.server.opened[0];
		if (flow === undefined) throw new Error("no flow");
		// An MSS of 1,452, kept as 1,440.
		expect(flow).toMatchObject({ peerMss: 1_440, maxPayloadBytes: 1_440 });
		isMtuHeard = true;
		pair.advance(2_000);
		expect(flow).toMatchObject({
			peerLinkMtuBytes: 1_492,
			maxPayloadBytes: 1_452,
		});
	});
});

describe("one source", () => {
	it("fills no more than its share of the half-open flows; the rest of its SYNs are answered from cookies", () => {
		const server = new EngineHost({ role: "server", maxFlows: 4_096 });
		for (let index = 0; index < 1_000; index++)
			server.receive(floodSyn(index & 255, 30_000 + index), 0);
		expect(server.engine.halfOpenCount).toBe(SOURCE_LIMIT);
		expect(server.counter("synCookiesSent")).toBe(1_000 - SOURCE_LIMIT);
		server.receive(floodSyn(256), 0);
		expect(server.engine.halfOpenCount).toBe(SOURCE_LIMIT + 1);
		// A burst of a crowd behind one address is no flood.
		expect(server.notices).toEqual([]);
	});

	it("gets its share back as its handshakes end", () => {
		const server = new EngineHost({ role: "server", maxFlows: 4_096 });
		for (let turn = 0; turn < 3; turn++) {
			for (let index = 0; index < SOURCE_LIMIT; index++)
				server.receive(floodSyn(1, 30_000 + index), turn * 10_000);
			expect(server.engine.halfOpenCount).toBe(SOURCE_LIMIT);
			for (let second = 1; second < 8; second++)
				server.engine.expire(turn * 10_000 + second * 1_000);
			expect(server.engine.halfOpenCount).toBe(0);
		}
		expect(server.counter("synCookiesSent")).toBe(0);
	});

	it("of one of ours opens a thousand flows at once, and all carry datagrams", () => {
		const pair = new WirePair({
			client: { maxFlows: 1_100 },
			server: { maxFlows: 1_100 },
		});
		const flows = Array.from({ length: 1_000 }, () =>
			pair.client.open(pair.nowMs),
		);
		pair.settle();
		expect(pair.server.opened).toHaveLength(1_000);
		for (const flow of flows)
			pair.client.send(flow, [datagram(9, 1)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toHaveLength(1_000);
	});
});

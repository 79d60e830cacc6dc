import { describe, expect, it } from "vitest";
import {
	cutSuperSegment,
	datagram,
	EngineHost,
	SERVER_PORT,
	summarize,
	WirePair,
} from "../testing/index.js";

const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const RST = 0x04;

describe.each([4, 6] as const)("two of ours over IPv%i", (family) => {
	it("opens, exchanges link MTUs and carries datagrams both ways", () => {
		const pair = new WirePair({ server: { linkMtuBytes: 1_400 } });
		const flow = pair.client.open(pair.nowMs, family);
		pair.settle();
		expect(pair.client.opened).toHaveLength(1);
		expect(pair.server.opened).toHaveLength(1);
		const serverFlow = pair.server.opened[0];
		if (serverFlow === undefined) throw new Error("no flow");
		const headers = family === 4 ? 40 : 60;
		expect(flow.maxPayloadBytes).toBe(1_400 - headers);
		expect(serverFlow.maxPayloadBytes).toBe(1_400 - headers);
		expect(flow.peerLinkMtuBytes).toBe(1_400);
		expect(serverFlow.peerLinkMtuBytes).toBe(1_500);
		// Each end once, however often the other repeats it.
		pair.advance(60_000);
		const differs = (value: number, other: number) => ({
			...{ name: "link-mtu-differs", value, other },
		});
		expect(pair.client.notices).toMatchObject([differs(1_500, 1_400)]);
		expect(pair.server.notices).toMatchObject([differs(1_400, 1_500)]);
		pair.client.send(
			flow,
			[datagram(100, 1), datagram(100, 2), datagram(50, 3)],
			pair.nowMs,
		);
		pair.server.send(serverFlow, [datagram(1, 9)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([
			datagram(100, 1),
			datagram(100, 2),
			datagram(50, 3),
		]);
		expect(pair.client.takeDelivered()).toEqual([datagram(1, 9)]);
	});

	it("carries a train cut on the way as well as whole", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs, family);
		pair.settle();
		pair.wire = (packet) => cutSuperSegment(packet);
		const datagrams = Array.from({ length: 40 }, (_, index) =>
			datagram(1_000, index),
		);
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual(datagrams);
		expect(pair.server.dropsByName()).toEqual({});
	});

	it("delivers what waited for the handshake, in order, also when the first SYN is lost", () => {
		const pair = new WirePair();
		let lost = 0;
		pair.wire = (packet) => (lost++ === 0 ? [] : [packet]);
		const flow = pair.client.open(pair.nowMs, family);
		const datagrams = [
			datagram(10, 1),
			datagram(20, 2),
			datagram(20, 3),
			datagram(5, 4),
		];
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([]);
		pair.advance(1_100);
		expect(pair.server.takeDelivered()).toEqual(datagrams);
	});

	it("resets both ends when one stops", () => {
		const pair = new WirePair();
		pair.client.open(pair.nowMs, family);
		pair.settle();
		pair.client.engine.stop(pair.nowMs);
		pair.settle();
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "reset-by-peer" }]);
		expect(pair.server.engine.establishedCount).toBe(0);
		const resets = pair.capture.filter(
			({ packet }) => (summarize(packet).bits & RST) !== 0,
		);
		expect(resets).toHaveLength(1);
	});
});

describe("limits", () => {
	it("packet case 55: refuses and counts a datagram of one octet more than fits, and sends the one that fits", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		pair.client.send(
			flow,
			[datagram(1_460, 1), datagram(1_461, 2)],
			pair.nowMs,
		);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([datagram(1_460, 1)]);
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 1 });
		pair.client.send(
			flow,
			[datagram(1_461, 2), datagram(1_461, 3), datagram(1_460, 1)],
			pair.nowMs,
		);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([datagram(1_460, 1)]);
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 3 });
	});

	it("keeps no more flows than it may, and takes new ones when old ones end", () => {
		const pair = new WirePair({
			server: { maxFlows: 2 },
			client: { idleTimeoutMs: 2_000 },
		});
		for (let count = 0; count < 3; count++) {
			pair.client.open(pair.nowMs);
			pair.settle();
		}
		expect(pair.server.engine.establishedCount).toBe(2);
		expect(pair.server.dropsByName()).toEqual({ "flow-limit": 1 });
		expect(
			pair.client.engine.open({ family: 4, words: [0, 0, 0xffff, 1] }, 1, 0),
		).not.toBe("no-flow-slot");
		pair.advance(5_000);
		expect(pair.server.engine.establishedCount).toBe(0);
		pair.client.open(pair.nowMs);
		pair.settle();
		expect(pair.server.engine.establishedCount).toBe(1);
	});

	it("bounds what waits for a handshake", () => {
		const client = new EngineHost({ role: "client" });
		const flow = client.open(0);
		const many = Array.from({ length: 1_000 }, () => datagram(1_000, 1));
		for (let batch = 0; batch < 5; batch++) client.send(flow, many, 0);
		expect(client.engine.pendingBytes).toBe(1_048_000);
		expect(client.dropsByName()).toEqual({ "pending-full": 5_000 - 1_048 });
	});

	it("closes an idle flow with a reset, and our own timers do not keep it alive", () => {
		const pair = new WirePair({
			client: { idleTimeoutMs: 10_000 },
			server: { idleTimeoutMs: 10_000 },
		});
		pair.client.open(pair.nowMs);
		pair.settle();
		pair.advance(30_000);
		expect(pair.client.closed).toEqual([{ slot: 0, reason: "idle" }]);
		expect(pair.server.closed).toHaveLength(1);
	});
});

describe("segments of no flow", () => {
	const strays: [string, number, number, boolean][] = [
		["data", ACK, 5, true],
		["SYN of a scanner", SYN, 1, true],
		["SYN+ACK", SYN_ACK, 5, true],
		["SYN with ECN", 0xc2, 0, true],
		["no control bits", 0, 5, true],
		["reset", RST, 5, false],
		["SYN+RST", SYN | RST, 0, false],
	];
	it.each(strays)("%s", (_name, bits, seq, isAnswered) => {
		const client = new EngineHost({ role: "client" });
		client.open(0);
		const [syn] = client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		const view = new DataView(syn.bytes.buffer);
		view.setUint8(33, bits);
		view.setUint32(24, seq);
		view.setUint32(28, 77);
		const server = new EngineHost({ role: "server" });
		server.receive(syn, 0, 0);
		const answers = server.takeSent();
		expect(answers).toHaveLength(isAnswered ? 1 : 0);
		expect(server.engine.flows).toHaveLength(0);
		const total = [...server.drops].reduce((sum, count) => sum + count, 0);
		expect(total).toBe(1);
		const [answer] = answers;
		if (answer === undefined) return;
		const expected =
			bits === SYN ? { seq: 0, ack: seq + 1 } : { seq: 77, ack: seq };
		expect(summarize(answer)).toMatchObject({
			bits: RST | ACK,
			...expected,
			sourcePort: SERVER_PORT,
		});
	});

	it("are answered at a bounded rate", () => {
		const client = new EngineHost({ role: "client" });
		client.open(0);
		const [syn] = client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		new DataView(syn.bytes.buffer).setUint8(33, ACK);
		const server = new EngineHost({ role: "server" });
		for (let count = 0; count < 500; count++) server.receive(syn, 1, 0);
		expect(server.takeSent()).toHaveLength(100);
		expect(server.dropsByName()).toEqual({ "unknown-flow": 500 });
	});
});

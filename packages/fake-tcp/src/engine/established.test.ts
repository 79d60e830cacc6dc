import { describe, expect, it } from "vitest";
import { forgeSegment } from "../testing/forge-segment.js";
import { datagram, fromText, summarize, WirePair } from "../testing/index.js";

const ACK = 0x10;
const RST = 0x04;

describe("conntrack's window (wire.md 4.9)", () => {
	it("elicits an ACK from a stock server and holds back what exceeds 65,535 octets until it comes", () => {
		const pair = new WirePair({ server: { profile: "stock-exact" } });
		let isHeld = true;
		pair.wire = (packet, direction) =>
			isHeld && direction === "to-client" && summarize(packet).bits === ACK
				? []
				: [packet];
		const flow = pair.client.open(pair.nowMs);
		const datagrams = Array.from({ length: 100 }, (_, index) =>
			datagram(1_400, index),
		);
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(pair.server.delivered).toHaveLength(46);
		isHeld = false;
		pair.advance(300);
		const delivered = pair.server.takeDelivered();
		expect(delivered.map((bytes) => bytes[0])).toEqual(
			datagrams.map((bytes) => bytes[0]),
		);
		expect(delivered).toEqual(datagrams);
	});

	it("acknowledges one-way traffic within a second, and within 16 MiB", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		pair.capture.length = 0;
		pair.client.send(flow, [datagram(1_000, 1)], pair.nowMs);
		pair.settle();
		const acks = () =>
			pair.capture.filter(
				({ direction, packet }) =>
					direction === "to-client" && summarize(packet).window === 0xffff,
			);
		expect(acks()).toHaveLength(0);
		pair.advance(1_200);
		expect(acks()).toHaveLength(1);
		const burst = Array.from({ length: 60 }, (_, index) =>
			datagram(1_000, index),
		);
		const sendBytes = (bytes: number) => {
			for (let sent = 0; sent < bytes; sent += 60_000)
				pair.client.send(flow, burst, pair.nowMs);
			pair.settle();
		};
		sendBytes(1024 * 1024);
		// A young flow is acknowledged batch by batch, because stale ACKs open no window.
		expect(acks().length).toBeGreaterThanOrEqual(17);
		pair.capture.length = 0;
		sendBytes(16 * 1024 * 1024);
		expect(acks()).toHaveLength(1);
	});

	it("says by the end of the batch how far the peer's first burst came", () => {
		const pair = new WirePair({ client: { profile: "stock-exact" } });
		const flow = pair.client.open(pair.nowMs);
		const [syn] = pair.client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		pair.server.receive(syn, pair.nowMs);
		const [synAck] = pair.server.takeSent();
		if (synAck === undefined) throw new Error("no SYN+ACK");
		pair.client.receive(synAck, pair.nowMs);
		pair.client.send(
			flow,
			Array.from({ length: 90 }, () => datagram(1_400, 1)),
			pair.nowMs,
		);
		pair.server.receiveBatch(pair.client.takeSent(), pair.nowMs);
		const answers = pair.server.takeSent().map(summarize);
		// At once when the flow opens, and again with what the batch brought.
		expect(answers.map(({ bits, ack }) => [bits, ack])).toEqual([
			[ACK, 1],
			[ACK, 1 + 90 * 1_400],
		]);
	});
});

describe("an open flow", () => {
	it("is not taken over by a SYN while its peer is alive, and is when the peer stays silent", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		const syn = pair.capture[0]?.packet;
		if (syn === undefined) throw new Error("no SYN");
		pair.server.receive(syn, pair.nowMs);
		pair.settle();
		pair.nowMs += 1_000;
		pair.server.receive(syn, pair.nowMs);
		pair.settle();
		expect(pair.server.closed).toEqual([]);
		expect(pair.client.closed).toEqual([]);
		expect(pair.server.dropsByName()).toEqual({ "syn-on-established": 2 });
		pair.client.send(flow, [datagram(5, 5)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toHaveLength(1);
		// Now the client is gone without a word.
		pair.wire = () => [];
		pair.nowMs += 1_000;
		pair.server.receive(syn, pair.nowMs);
		pair.settle();
		pair.nowMs += 600;
		pair.server.receive(syn, pair.nowMs);
		// Offered a new flow; the old one goes when the offer is taken up, and not before.
		const [offer] = pair.server.takeSent().map(summarize);
		expect(offer?.bits).toBe(0x12);
		expect(pair.server.closed).toEqual([]);
		pair.server.receive(
			forgeSegment({
				to: "server",
				clientPort: flow.localPort,
				bits: ACK,
				seq: 1,
				ack: (offer?.seq ?? 0) + 1,
			}),
			pair.nowMs,
		);
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "replaced" }]);
		expect(pair.server.opened).toHaveLength(2);
	});

	it("ignores a reset from far outside its window and obeys one from inside", () => {
		const pair = new WirePair();
		pair.client.open(pair.nowMs);
		pair.settle();
		const server = pair.server.opened[0];
		const final = pair.capture.at(-1)?.packet;
		if (server === undefined || final === undefined) throw new Error("no flow");
		const toServer = pair.capture
			.filter(({ direction }) => direction === "to-server")
			.at(-1)?.packet;
		if (toServer === undefined) throw new Error("no segment");
		const forged = Uint8Array.from(toServer.bytes);
		const view = new DataView(forged.buffer);
		view.setUint8(33, RST);
		view.setUint32(24, 0x4000_0000);
		pair.server.receive({ bytes: forged, segmentSize: 0 }, pair.nowMs, 0);
		expect(pair.server.closed).toEqual([]);
		expect(pair.server.dropsByName()).toEqual({ "rst-out-of-window": 1 });
		view.setUint32(24, 1);
		pair.server.receive({ bytes: forged, segmentSize: 0 }, pair.nowMs, 0);
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "reset-by-peer" }]);
	});

	it("keeps counting across the wrap of the sequence space", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		const server = pair.server.opened[0];
		if (server === undefined) throw new Error("no flow");
		flow.sndNxt = -10;
		server.rcvNxt = -10;
		const datagrams = [datagram(100, 1), datagram(100, 2)];
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual(datagrams);
		expect(server.rcvNxt).toBe(190);
	});

	it("tells a peer like us when its link MTU changes", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		pair.server.engine.setLinkMtu(1_280, pair.nowMs);
		pair.advance(200);
		expect(flow.maxPayloadBytes).toBe(1_240);
	});

	it("sends the handshake packet first, and the other end delivers it like any datagram", () => {
		const packet = fromText("GET / HTTP/1.1\r\n");
		const pair = new WirePair({ client: { handshakePacket: packet } });
		const flow = pair.client.open(pair.nowMs);
		pair.client.send(flow, [datagram(16, 1)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([packet, datagram(16, 1)]);
	});
});

describe("damage", () => {
	it("is noticed: a flipped bit anywhere behind the IP header is never delivered", () => {
		const pair = new WirePair();
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		pair.client.send(flow, [datagram(40, 0x5a)], pair.nowMs);
		const [packet] = pair.client.takeSent();
		if (packet === undefined) throw new Error("no segment");
		for (let bit = 160; bit < packet.bytes.length * 8; bit++) {
			const damaged = Uint8Array.from(packet.bytes);
			damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
			pair.server.receive({ bytes: damaged, segmentSize: 0 }, pair.nowMs);
		}
		expect(pair.server.takeDelivered()).toEqual([]);
	});
});

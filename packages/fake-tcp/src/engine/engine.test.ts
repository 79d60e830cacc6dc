import { describe, expect, it } from "vitest";
import {
	cutSuperSegment,
	EngineHost,
	SERVER_PORT,
	type WirePacket,
	WirePair,
} from "../testing/index.js";
import { findMss, type MssFinding } from "../wire/tcp.js";

function datagram(size: number, fill: number): Uint8Array {
	return new Uint8Array(size).fill(fill & 0xff);
}

function toHex(bytes: Uint8Array): string {
	return [...bytes]
		.map((octet) => octet.toString(16).padStart(2, "0"))
		.join("");
}

function fromHex(hex: string): Uint8Array {
	return Uint8Array.from(hex.match(/../g) ?? [], (pair) =>
		Number.parseInt(pair, 16),
	);
}

function fromText(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

interface Header {
	readonly bits: number;
	readonly seq: number;
	readonly ack: number;
	readonly window: number;
	readonly options: string;
	readonly payloadLength: number;
	readonly identification: number;
	readonly sourcePort: number;
}

function header(packet: WirePacket): Header {
	const view = new DataView(
		packet.bytes.buffer,
		packet.bytes.byteOffset,
		packet.bytes.byteLength,
	);
	const tcp = view.getUint8(0) >>> 4 === 4 ? 20 : 40;
	const length = (view.getUint8(tcp + 12) >>> 4) * 4;
	return {
		bits: view.getUint8(tcp + 13),
		seq: view.getUint32(tcp + 4),
		ack: view.getUint32(tcp + 8),
		window: view.getUint16(tcp + 14),
		options: toHex(packet.bytes.subarray(tcp + 20, tcp + length)),
		payloadLength: packet.bytes.length - tcp - length,
		identification: view.getUint16(4),
		sourcePort: view.getUint16(tcp),
	};
}

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
			({ packet }) => (header(packet).bits & RST) !== 0,
		);
		expect(resets).toHaveLength(1);
	});
});

describe("the wire form of the handshake", () => {
	it("sends SYN with window scale before MSS, as wire.md 4.11 says", () => {
		const client = new EngineHost({ role: "client" });
		client.open(0);
		const [syn] = client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		expect(header(syn)).toMatchObject({
			bits: SYN,
			seq: 0,
			ack: 0,
			window: 0xffff,
			options: "0103030e020405b4",
		});
	});

	it("is stock's to the octet in the stock-exact profile", () => {
		const pair = new WirePair({
			client: { profile: "stock-exact" },
			server: { profile: "stock-exact" },
		});
		const flow = pair.client.open(pair.nowMs);
		pair.settle();
		pair.client.send(flow, [datagram(7, 1), datagram(7, 2)], pair.nowMs);
		pair.settle();
		const seen = pair.capture.map(({ packet }) => {
			const { bits, seq, ack, window, options, payloadLength, identification } =
				header(packet);
			return [bits, seq, ack, window, options, payloadLength, identification];
		});
		expect(seen).toEqual([
			[SYN, 0, 0, 0xffff, "0103030e", 0, 0],
			[SYN_ACK, 0, 1, 0xffff, "0103030e", 0, 0],
			[ACK, 1, 1, 0xffff, "", 0, 0],
			[ACK, 1, 1, 0xffff, "", 7, 0],
			[ACK, 8, 1, 0xffff, "", 7, 0],
		]);
	});

	it("hides the server's initial sequence number in the default profile", () => {
		const isses = [1, 2, 3].map((seed) => {
			const pair = new WirePair({ server: { seed } });
			pair.client.open(pair.nowMs);
			pair.settle();
			return header(pair.capture[1]?.packet as WirePacket).seq;
		});
		expect(new Set(isses).size).toBe(3);
	});

	it("gives up after three SYNs, a second apart, with a reset", () => {
		const pair = new WirePair();
		pair.wire = () => [];
		const flow = pair.client.open(pair.nowMs);
		pair.client.send(flow, [datagram(10, 1)], pair.nowMs);
		pair.advance(5_000);
		expect(pair.capture.map(({ packet }) => header(packet).bits)).toEqual([
			SYN,
			SYN,
			SYN,
			RST,
		]);
		expect(pair.client.closed).toEqual([
			{ slot: 0, reason: "handshake-timeout" },
		]);
		expect(pair.client.dropsByName()).toEqual({ "handshake-failed": 1 });
		expect(pair.client.engine.pendingBytes).toBe(0);
	});

	it("lets five strangers end a handshake in stock-exact, and ignores any number in the default profile", () => {
		for (const [profile, expected] of [
			["default", [SYN]],
			["stock-exact", [SYN, RST]],
		] as const) {
			const client = new EngineHost({ role: "client", profile });
			client.open(0);
			const server = new EngineHost({ role: "server", profile: "stock-exact" });
			const [syn] = client.takeSent();
			if (syn === undefined) throw new Error("no SYN");
			server.receive(syn, 0);
			const [synAck] = server.takeSent();
			if (synAck === undefined) throw new Error("no SYN+ACK");
			const view = new DataView(synAck.bytes.buffer);
			// A SYN+ACK for another handshake.
			view.setUint32(28, 99);
			const bits = [header(syn).bits];
			for (let stranger = 0; stranger < 5; stranger++) {
				expect(client.engine.flows).toHaveLength(1);
				client.receive(synAck, 1, 0);
				bits.push(...client.takeSent().map((packet) => header(packet).bits));
			}
			expect(bits).toEqual(expected);
			expect(client.engine.flows).toHaveLength(profile === "default" ? 1 : 0);
		}
	});

	it("answers a refusal with a reset from its ISS only in stock-exact", () => {
		for (const [profile, expected] of [
			["default", []],
			["stock-exact", [[RST, 0, 0]]],
		] as const) {
			const client = new EngineHost({ role: "client", profile });
			const server = new EngineHost({ role: "server" });
			client.open(0);
			const [syn] = client.takeSent();
			if (syn === undefined) throw new Error("no SYN");
			new DataView(syn.bytes.buffer).setUint32(24, 5);
			server.receive(syn, 0, 0);
			const [refusal] = server.takeSent();
			if (refusal === undefined) throw new Error("no RST");
			new DataView(refusal.bytes.buffer).setUint32(28, 1);
			client.receive(refusal, 0, 0);
			expect(client.closed).toEqual([{ slot: 0, reason: "refused-by-peer" }]);
			const answers = client.takeSent().map(header);
			expect(answers.map(({ bits, seq, ack }) => [bits, seq, ack])).toEqual(
				expected,
			);
		}
	});

	it("delivers payload on the last ACK of the handshake, and swallows it in stock-exact", () => {
		for (const [profile, expected] of [
			["default", 1],
			["stock-exact", 0],
		] as const) {
			const pair = new WirePair({ server: { profile } });
			// The bare ACK is lost; the first data segment completes the handshake.
			pair.wire = (packet, direction) =>
				direction === "to-server" &&
				header(packet).bits === ACK &&
				header(packet).payloadLength === 0
					? []
					: [packet];
			const flow = pair.client.open(pair.nowMs);
			pair.client.send(flow, [datagram(9, 9)], pair.nowMs);
			pair.settle();
			expect(pair.server.opened).toHaveLength(1);
			expect(pair.server.takeDelivered()).toHaveLength(expected);
		}
	});

	it("finds MSS behind window scale, and tells it from one in front", () => {
		const finding: MssFinding = { mss: 0, isAfterWindowScale: false };
		const cases: [string, number, boolean][] = [
			["0103030e020405b4", 1_460, true],
			["020402180103030e", 536, false],
			["02040218", 536, false],
			["0103030e", 0, false],
			["0103030e0204", 0, false],
			["00020405b4", 0, false],
			["0500", 0, false],
			["01010101", 0, false],
		];
		for (const [hex, mss, isAfterWindowScale] of cases) {
			const bytes = fromHex(hex);
			findMss(new DataView(bytes.buffer), 0, bytes.length, finding);
			expect(finding).toEqual({ mss, isAfterWindowScale });
		}
	});
});

describe("conntrack's window (wire.md 4.9)", () => {
	it("elicits an ACK from a stock server and holds back what exceeds 65,535 octets until it comes", () => {
		const pair = new WirePair({ server: { profile: "stock-exact" } });
		let isHeld = true;
		pair.wire = (packet, direction) =>
			isHeld && direction === "to-client" && header(packet).bits === ACK
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
					direction === "to-client" && header(packet).window === 0xffff,
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
		const answers = pair.server.takeSent().map(header);
		// At once when the flow opens, and again with what the batch brought.
		expect(answers.map(({ bits, ack }) => [bits, ack])).toEqual([
			[ACK, 1],
			[ACK, 1 + 90 * 1_400],
		]);
	});
});

describe("limits", () => {
	it("refuses and counts a datagram of one octet more than fits, and sends the one that fits", () => {
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
		expect(header(answer)).toMatchObject({
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
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "replaced" }]);
		expect(pair.server.engine.halfOpenCount).toBe(1);
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

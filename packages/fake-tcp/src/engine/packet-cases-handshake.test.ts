import { describe, expect, it } from "vitest";
import {
	CLIENT_ADDRESS,
	datagram,
	EngineHost,
	SERVER_ADDRESS,
	SERVER_PORT,
	summarize,
	WirePair,
} from "../testing/index.js";
import { OpenFlow } from "../testing/open-flow.js";
import { forgeSegment, type SegmentParts } from "../testing/packet-forge.js";

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const URG = 0x20;
const ECE = 0x40;
const CWR = 0x80;
const WINDOW_SCALE = [1, 3, 3, 14] as const;

/** A segment of no flow, to a server's open port unless it says otherwise. */
function stray(parts: Partial<SegmentParts> = {}): Uint8Array {
	return forgeSegment(
		{ family: 4, source: CLIENT_ADDRESS, destination: SERVER_ADDRESS },
		{
			sourcePort: 40_000,
			destinationPort: SERVER_PORT,
			seq: 0,
			ack: 0,
			bits: SYN,
			...parts,
		},
	);
}

function give(host: EngineHost, bytes: Uint8Array, nowMs = 0) {
	host.receive({ bytes, segmentSize: 0 }, nowMs);
	return host.takeSent().map(summarize);
}

/** A client that has sent its SYN; answers come from the server's address and port. */
function waitingClient() {
	const host = new EngineHost({ role: "client" });
	const flow = host.open(0);
	host.takeSent();
	const answer = (parts: Partial<SegmentParts>): Uint8Array =>
		forgeSegment(
			{ family: 4, source: SERVER_ADDRESS, destination: CLIENT_ADDRESS },
			{
				sourcePort: SERVER_PORT,
				destinationPort: flow.localPort,
				seq: 0,
				ack: 1,
				bits: SYN | ACK,
				options: Uint8Array.from(WINDOW_SCALE),
				...parts,
			},
		);
	return { host, flow, answer };
}

describe("segments that want to begin a flow", () => {
	it("packet case 22: a SYN whose sequence is not 0 is refused as a closed port does, and counted", () => {
		const server = new EngineHost({ role: "server" });
		for (const [seq, payload, ack] of [
			[5, 0, 6],
			[0x1234_5678, 10, 0x1234_5678 + 11],
			[0xffff_ffff, 0, 0],
		] as const) {
			const answers = give(
				server,
				stray({ seq, payload: datagram(payload, 1) }),
			);
			expect(answers).toMatchObject([{ bits: RST | ACK, seq: 0, ack }]);
		}
		expect(server.engine.flows).toEqual([]);
		expect(server.dropsByName()).toEqual({ "unacceptable-syn": 3 });
	});

	it("packet case 23: an MSS that a router has put in opens the flow, and says nothing about the peer", () => {
		for (const options of [
			Uint8Array.of(2, 4, 2, 24, ...WINDOW_SCALE),
			Uint8Array.of(2, 4, 2, 24),
		]) {
			const server = new EngineHost({ role: "server" });
			expect(give(server, stray({ options }))[0]?.bits).toBe(SYN | ACK);
			const [flow] = server.engine.flows;
			expect(flow?.peerMss).toBe(0);
			expect(flow?.maxPayloadBytes).toBe(1_460);
			const { iss } = flow ?? { iss: 0 };
			give(
				server,
				stray({ bits: ACK, seq: 1, ack: iss + 1, options: Uint8Array.of() }),
			);
			expect(server.opened).toHaveLength(1);
		}
	});

	it("packet case 24: SYN with other bits, none at all and all of them make no state, and few resets", () => {
		const server = new EngineHost({ role: "server" });
		const shapes = [
			SYN | ECE | CWR,
			SYN | FIN,
			SYN | PSH | URG,
			0,
			FIN | PSH | URG,
			0xff & ~RST,
		];
		for (const bits of shapes)
			expect(give(server, stray({ bits })).map((one) => one.bits)).toEqual([
				RST | ACK,
			]);
		for (const bits of [SYN | RST, 0xff, RST | FIN])
			expect(give(server, stray({ bits }))).toEqual([]);
		expect(server.engine.flows).toEqual([]);
		let resets = 0;
		for (let sent = 0; sent < 1_000; sent++)
			resets += give(server, stray({ bits: SYN | FIN }), 1).length;
		expect(resets).toBeLessThanOrEqual(100);
	});

	it("packet case 25: the payload of a SYN is not taken, and the handshake begins", () => {
		const server = new EngineHost({ role: "server" });
		const [synAck] = give(server, stray({ payload: datagram(20, 1) }));
		expect(synAck).toMatchObject({ bits: SYN | ACK, ack: 1 });
		expect(server.takeDelivered()).toEqual([]);
		const ack = (synAck?.seq ?? 0) + 1;
		give(server, stray({ bits: ACK, seq: 1, ack, payload: datagram(3, 3) }));
		expect(server.takeDelivered()).toEqual([datagram(3, 3)]);
	});

	it("packet case 26: the same SYN twice is one flow and the SYN+ACK again", () => {
		const server = new EngineHost({ role: "server" });
		const [first] = give(server, stray());
		const [second] = give(server, stray(), 1);
		expect(first?.bits).toBe(SYN | ACK);
		expect({ ...second, identification: 0 }).toEqual({
			...first,
			identification: 0,
		});
		expect(server.engine.flows).toHaveLength(1);
	});

	it("packet case 29: payload on the handshake's last ACK opens the flow and is delivered", () => {
		const pair = new WirePair();
		pair.wire = (packet, direction) =>
			direction === "to-server" &&
			summarize(packet).bits === ACK &&
			summarize(packet).payloadLength === 0
				? []
				: [packet];
		const flow = pair.client.open(pair.nowMs);
		pair.client.send(flow, [datagram(9, 9)], pair.nowMs);
		pair.settle();
		expect(pair.server.opened).toHaveLength(1);
		expect(pair.server.takeDelivered()).toEqual([datagram(9, 9)]);
	});

	it("packet case 35: a SYN+ACK, an ACK and data of no flow are answered by resets at a bounded rate", () => {
		const server = new EngineHost({ role: "server" });
		const strays = [
			{ bits: SYN | ACK, seq: 7, ack: 9 },
			{ bits: ACK, seq: 7, ack: 9 },
			{ bits: ACK, seq: 7, ack: 9, payload: datagram(10, 1) },
		];
		for (const parts of strays)
			expect(give(server, stray(parts))).toMatchObject([
				{
					bits: RST | ACK,
					seq: 9,
					ack: 7 + (parts.payload?.length ?? 0),
				},
			]);
		let resets = 0;
		for (let sent = 0; sent < 5_000; sent++)
			resets += give(server, stray({ bits: ACK, seq: sent }), 1).length;
		expect(resets).toBeLessThanOrEqual(100);
		expect(server.dropsByName()["unknown-flow"]).toBe(5_003);
	});
});

describe("answers to a SYN", () => {
	it("packet case 31: a SYN+ACK with a wrong acknowledgement is ignored, a repeated one acknowledged again", () => {
		const { host, flow, answer } = waitingClient();
		for (const ack of [0, 2, 0x8000_0000])
			expect(give(host, answer({ seq: 70, ack })).length).toBeLessThan(2);
		expect(flow.state).toBe("SYN-SENT");
		give(host, answer({ seq: 70 }));
		expect(flow.state).toBe("ESTABLISHED");
		const again = give(host, answer({ seq: 70 }), 100);
		expect(again).toMatchObject([{ bits: ACK, seq: 1, ack: 71 }]);
		give(host, answer({ seq: 4_000_000_000 }), 200);
		expect(flow.rcvNxt).toBe(71);
		expect(host.closed).toEqual([]);
	});

	it("packet case 32: a SYN+ACK may carry any sequence number, also the last before the wrap", () => {
		for (const seq of [
			0, 1, 0x1234_5678, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
		]) {
			const { host, flow, answer } = waitingClient();
			const [ack] = give(host, answer({ seq }));
			expect(flow.state).toBe("ESTABLISHED");
			expect(ack).toMatchObject({ bits: ACK, ack: (seq + 1) % 2 ** 32 });
		}
	});

	it("packet case 34: any number of strange segments does not end a handshake before its time", () => {
		const { host, flow, answer } = waitingClient();
		for (let junk = 0; junk < 50; junk++) {
			give(host, answer({ bits: ACK | PSH, ack: 99 }), 10);
			give(host, answer({ bits: SYN }), 10);
			give(host, answer({ bits: FIN | ACK, ack: 1 }), 10);
		}
		expect(flow.state).toBe("SYN-SENT");
		expect(flow.handshakeTurns).toBe(1);
		give(host, answer({ seq: 5 }), 20);
		expect(flow.state).toBe("ESTABLISHED");
	});

	it("packet case 39: two ends that reset each other at once fall silent", () => {
		const flow = new OpenFlow();
		const { client, server, nowMs } = flow.pair;
		client.engine.stop(nowMs);
		server.engine.stop(nowMs);
		expect(client.takeSent().concat(server.takeSent())).toHaveLength(2);
		client.engine.flush();
		for (const end of ["client", "server"] as const)
			expect(flow.give(end, flow.forge(end, { bits: RST, ack: 0 }))).toEqual(
				[],
			);
		flow.pair.settle();
		expect(flow.pair.client.engine.flows).toEqual([]);
		expect(flow.pair.server.engine.flows).toEqual([]);
	});
});

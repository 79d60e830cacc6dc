import { describe, expect, it } from "vitest";
import {
	datagram,
	EngineHost,
	fromHex,
	summarize,
	type WirePacket,
	WirePair,
} from "../testing/index.js";
import { findMss, type MssFinding } from "../wire/tcp.js";

const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const RST = 0x04;

describe("the wire form of the handshake", () => {
	it("sends SYN with window scale before MSS, as wire.md 4.11 says", () => {
		const client = new EngineHost({ role: "client" });
		client.open(0);
		const [syn] = client.takeSent();
		if (syn === undefined) throw new Error("no SYN");
		expect(summarize(syn)).toMatchObject({
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
				summarize(packet);
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
			return summarize(pair.capture[1]?.packet as WirePacket).seq;
		});
		expect(new Set(isses).size).toBe(3);
	});

	it("gives up after three SYNs, a second apart, with a reset", () => {
		const pair = new WirePair();
		pair.wire = () => [];
		const flow = pair.client.open(pair.nowMs);
		pair.client.send(flow, [datagram(10, 1)], pair.nowMs);
		pair.advance(5_000);
		expect(pair.capture.map(({ packet }) => summarize(packet).bits)).toEqual([
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
			const bits = [summarize(syn).bits];
			for (let stranger = 0; stranger < 5; stranger++) {
				expect(client.engine.flows).toHaveLength(1);
				client.receive(synAck, 1, 0);
				bits.push(...client.takeSent().map((packet) => summarize(packet).bits));
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
			const answers = client.takeSent().map(summarize);
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
				summarize(packet).bits === ACK &&
				summarize(packet).payloadLength === 0
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

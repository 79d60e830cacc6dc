// Rows 27 and 49 of the list of odd and hostile packets: peers that begin anew, or come from elsewhere.

import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import { forgeSegment } from "../testing/forge-segment.js";
import {
	datagram,
	EngineHost,
	SERVER_PORT,
	summarize,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

const SYN = 0x02;
const ACK = 0x10;
const SYN_ACK = SYN | ACK;
const OUR_OPTIONS = "0103030e020405b4";

describe("packet case 27: a SYN on an open flow", () => {
	interface Opened {
		readonly pair: WirePair;
		readonly client: Flow;
		readonly syn: WirePacket;
	}

	function openPair(): Opened {
		const pair = new WirePair();
		const client = pair.client.open(pair.nowMs);
		pair.settle();
		pair.client.send(client, [datagram(100, 1)], pair.nowMs);
		pair.settle();
		pair.server.takeDelivered();
		const syn = forgeSegment({
			to: "server",
			clientPort: client.localPort,
			bits: SYN,
			options: OUR_OPTIONS,
		});
		pair.capture.length = 0;
		return { pair, client, syn };
	}

	it("is never answered with SYN+ACK while the peer is alive; three spoofed ones change nothing", () => {
		const { pair, client, syn } = openPair();
		for (let count = 0; count < 3; count++) {
			pair.nowMs += 700;
			pair.server.receive(syn, pair.nowMs);
			pair.settle();
		}
		const bits = pair.capture.map(({ packet }) => summarize(packet).bits);
		expect(new Set(bits)).toEqual(new Set([ACK]));
		expect(pair.server.dropsByName()).toEqual({ "syn-on-established": 3 });
		pair.client.send(client, [datagram(8, 8)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([datagram(8, 8)]);
		expect(pair.server.closed).toEqual([]);
	});

	it("makes the server probe at most once in 500 ms", () => {
		const { pair, syn } = openPair();
		for (let count = 0; count < 100; count++) {
			pair.nowMs += 4;
			pair.server.receive(syn, pair.nowMs);
		}
		expect(pair.server.takeSent()).toHaveLength(1);
	});

	/** The client is gone without a word; two SYNs of another one on the same port. @returns the cookie. */
	function offeredCookie({ pair, syn }: Opened): number {
		const synAfter = (durationMs: number) => {
			pair.nowMs += durationMs;
			pair.server.receive(syn, pair.nowMs);
		};
		synAfter(1_000);
		const [probe] = pair.server.takeSent().map(summarize);
		expect(probe).toMatchObject({ bits: ACK, payloadLength: 0 });
		synAfter(499);
		expect(pair.server.takeSent()).toEqual([]);
		synAfter(1);
		const [offer] = pair.server.takeSent().map(summarize);
		if (offer === undefined) throw new Error("no offer");
		expect(offer).toMatchObject({ bits: SYN_ACK, ack: 1 });
		expect(pair.server.closed).toEqual([]);
		return offer.seq;
	}

	it("is offered a new flow after a probe without answer, which opens with exactly cookie + 1", () => {
		const opened = openPair();
		const { pair, client } = opened;
		const cookie = offeredCookie(opened);
		const say = (ack: number) =>
			pair.server.receive(
				forgeSegment({
					to: "server",
					clientPort: client.localPort,
					bits: ACK,
					seq: 1,
					ack,
					payload: datagram(6, 6),
				}),
				pair.nowMs,
			);
		say(cookie);
		say(cookie + 2);
		expect(pair.server.closed).toEqual([]);
		say(cookie + 1);
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "replaced" }]);
		expect(pair.server.opened).toHaveLength(2);
		expect(pair.server.takeDelivered()).toEqual([datagram(6, 6)]);
		expect(pair.server.notices.map(({ name }) => name)).toEqual([
			"syn-probed",
			"peer-restarted",
		]);
	});

	it("is not offered one when it is not a SYN that a peer sends", () => {
		const { pair, client } = openPair();
		const scan = forgeSegment({
			to: "server",
			clientPort: client.localPort,
			bits: SYN,
			seq: 99,
		});
		for (let count = 0; count < 4; count++) {
			pair.nowMs += 600;
			pair.server.receive(scan, pair.nowMs);
		}
		const bits = pair.server.takeSent().map((sent) => summarize(sent).bits);
		expect(bits).toEqual([ACK, ACK, ACK, ACK]);
	});

	it("leaves the old flow as it is when the old peer speaks after all", () => {
		const opened = openPair();
		const { pair, client } = opened;
		offeredCookie(opened);
		pair.client.send(client, [datagram(9, 9)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([datagram(9, 9)]);
		expect(pair.server.closed).toEqual([]);
	});

	it.each(["default", "stock-exact"] as const)(
		"of a %s client that restarted on its port leads to a new flow by its second SYN",
		(profile) => {
			const { pair } = openPair();
			const { server } = pair;
			pair.nowMs += 1_000;
			const again = new EngineHost({ role: "client", profile, seed: 7 });
			const flow = again.open(pair.nowMs);
			again.send(flow, [datagram(4, 4)], pair.nowMs);
			const endMs = pair.nowMs + 2_500;
			for (; pair.nowMs < endMs; pair.nowMs += 100) {
				for (const packet of again.takeSent())
					server.receive(packet, pair.nowMs);
				for (const packet of server.takeSent())
					again.receive(packet, pair.nowMs);
				again.engine.expire(pair.nowMs);
				again.engine.flush();
			}
			expect(flow.state).toBe("ESTABLISHED");
			expect(server.takeDelivered()).toEqual([datagram(4, 4)]);
		},
	);
});

describe("packet case 49: a peer whose port has changed under way", () => {
	it("hears a reset that fits its flow exactly, and can begin anew at once", () => {
		const pair = new WirePair();
		const client = pair.client.open(pair.nowMs);
		pair.settle();
		pair.client.send(client, [datagram(40, 1)], pair.nowMs);
		const [moved] = pair.client.takeSent();
		if (moved === undefined) throw new Error("no segment");
		const data = summarize(moved);
		pair.server.receive(
			forgeSegment({
				to: "server",
				clientPort: client.localPort + 1,
				bits: ACK,
				seq: data.seq,
				ack: data.ack,
				payload: datagram(40, 1),
			}),
			pair.nowMs,
		);
		const [reset] = pair.server.takeSent().map(summarize);
		pair.client.receive(
			forgeSegment({
				to: "client",
				clientPort: client.localPort,
				bits: reset?.bits ?? 0,
				seq: reset?.seq ?? 0,
				ack: reset?.ack ?? 0,
			}),
			pair.nowMs,
		);
		expect(pair.client.renewed).toMatchObject([
			{ slot: 0, reason: "reset-by-peer" },
		]);
		pair.settle();
		expect(client.state).toBe("ESTABLISHED");
		expect(reset?.sourcePort).toBe(SERVER_PORT);
	});
});

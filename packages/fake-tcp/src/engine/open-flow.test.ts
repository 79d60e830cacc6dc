// Segments of an open flow, at the borders of the acceptance window; by the rows of the list of odd and hostile packets.

import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import { type ForgedSegment, forgeSegment } from "../testing/forge-segment.js";
import {
	datagram,
	EngineHost,
	type SegmentSummary,
	summarize,
	WirePair,
} from "../testing/index.js";

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const URG = 0x20;

interface Opened {
	readonly pair: WirePair;
	readonly client: Flow;
	readonly server: Flow;
}

/** An open flow over which each end has said something, so that no sequence number is where it began. */
function openPair(
	options: ConstructorParameters<typeof WirePair>[0] = {},
): Opened {
	const pair = new WirePair(options);
	const client = pair.client.open(pair.nowMs);
	pair.settle();
	const server = pair.server.opened[0];
	if (server === undefined) throw new Error("no flow");
	pair.client.send(client, [datagram(500, 1)], pair.nowMs);
	pair.server.send(server, [datagram(700, 2)], pair.nowMs);
	pair.settle();
	pair.client.takeDelivered();
	pair.server.takeDelivered();
	return { pair, client, server };
}

type Said = Partial<Omit<ForgedSegment, "to" | "clientPort">>;

/** A segment towards an end that continues the flow, but for what is said. @returns what that end answers. */
function say(
	opened: Opened,
	to: "client" | "server",
	said: Said,
): SegmentSummary[] {
	const host = opened.pair[to];
	const flow = opened[to];
	const segment = forgeSegment({
		to,
		clientPort: opened.client.localPort,
		bits: ACK,
		seq: flow.rcvNxt,
		ack: flow.sndNxt,
		...said,
	});
	host.receive(segment, opened.pair.nowMs);
	return host.takeSent().map(summarize);
}

describe("packet case 24: combinations of control bits that mean nothing, on an open flow", () => {
	it.each([
		["FIN alone", FIN],
		["XMAS", FIN | PSH | URG],
		["SYN+FIN", SYN | FIN],
		["SYN+ECE+CWR", SYN | 0xc0],
	])("%s change nothing and are not answered", (_name, bits) => {
		const opened = openPair();
		const before = opened.server.rcvNxt;
		expect(say(opened, "server", { bits, payload: datagram(9, 1) })).toEqual(
			[],
		);
		expect(opened.pair.server.closed).toEqual([]);
		expect(opened.server.rcvNxt).toBe(before);
		expect(opened.pair.server.dropsByName()).toEqual({ "bad-control-bits": 1 });
	});
});

describe("packet cases 36 and 38: a reset for an open flow", () => {
	it("closes it when its sequence number is exact, without ACK bit too", () => {
		const opened = openPair();
		expect(say(opened, "server", { bits: RST, ack: 0 })).toEqual([]);
		expect(opened.pair.server.closed).toEqual([
			{ slot: 0, reason: "reset-by-peer" },
		]);
		expect(opened.pair.server.notices).toMatchObject([
			{ name: "reset-by-peer", value: 0 },
		]);
	});

	// RFC 5961 §3.2 [test]
	it.each([1, -1, 4_194_304, -4_194_304])(
		"is answered with where we are when it is %i octets off",
		(octets) => {
			const opened = openPair();
			const { rcvNxt, sndNxt } = opened.server;
			const seq = rcvNxt + octets;
			expect(say(opened, "server", { bits: RST, seq, ack: 0 })).toMatchObject([
				{ bits: ACK, seq: sndNxt >>> 0, ack: rcvNxt, payloadLength: 0 },
			]);
			expect(opened.pair.server.closed).toEqual([]);
			expect(opened.pair.server.dropsByName()).toEqual({ "rst-challenged": 1 });
			expect(opened.pair.server.notices).toMatchObject([
				{ name: "reset-challenged", value: Math.abs(octets) },
			]);
		},
	);

	it.each([4_194_305, -4_194_305, 2 ** 31 - 1])(
		"is ignored and counted when it is %i octets off",
		(octets) => {
			const opened = openPair();
			const seq = opened.server.rcvNxt + octets;
			expect(say(opened, "server", { bits: RST | ACK, seq })).toEqual([]);
			expect(opened.pair.server.closed).toEqual([]);
			expect(opened.pair.server.dropsByName()).toEqual({
				"rst-out-of-window": 1,
			});
		},
	);

	it.each(["default", "stock-exact"] as const)(
		"closes it after a challenge when a %s peer really has no flow any more",
		(profile) => {
			const opened = openPair({ client: { profile } });
			const { pair, client } = opened;
			pair.client.engine.stop(pair.nowMs);
			pair.client.takeSent();
			const seq = opened.server.rcvNxt + 700;
			const [challenge] = say(opened, "server", { bits: RST, seq, ack: 0 });
			pair.client.receive(
				forgeSegment({
					to: "client",
					clientPort: client.localPort,
					bits: challenge?.bits ?? 0,
					seq: challenge?.seq ?? 0,
					ack: challenge?.ack ?? 0,
				}),
				pair.nowMs,
			);
			pair.settle();
			expect(pair.server.closed).toEqual([
				{ slot: 0, reason: "reset-by-peer" },
			]);
		},
	);

	it("that belongs to a flow before this one on the same ports does not close it, nor end its handshake", () => {
		const first = openPair();
		const second = openPair({ server: { seed: 12 } });
		expect(second.client.localPort).toBe(first.client.localPort);
		const old = { bits: RST, seq: first.client.rcvNxt, ack: 0 };
		say(second, "client", old);
		expect(second.pair.client.closed).toEqual([]);
		const client = new EngineHost({ role: "client" });
		const { localPort: clientPort } = client.open(0);
		client.receive(forgeSegment({ to: "client", clientPort, ...old }), 1);
		expect(client.closed).toEqual([]);
		expect(client.dropsByName()).toEqual({ "rst-out-of-window": 1 });
	});
});

describe("packet cases 40, 41 and 42: bits that stock does not send", () => {
	it.each([
		["FIN|ACK", FIN | ACK, true],
		["PSH|ACK", PSH | ACK, false],
		["URG|ACK", URG | ACK, true],
		["PSH without ACK", PSH, true],
		["no bit at all", 0, true],
	])(
		"data with %s is delivered, the flow lives, what is odd is noticed",
		(_name, bits, isOdd) => {
			const opened = openPair();
			const { server } = opened.pair;
			say(opened, "server", { bits, payload: datagram(33, 3) });
			expect(server.takeDelivered()).toEqual([datagram(33, 3)]);
			expect(server.closed).toEqual([]);
			expect(server.notices.map(({ name, value }) => [name, value])).toEqual(
				isOdd ? [["odd-control-bits", bits]] : [],
			);
			expect(server.counter("segmentsWithOddBits")).toBe(isOdd ? 1 : 0);
		},
	);

	it("a bare FIN|ACK takes no sequence number", () => {
		const opened = openPair();
		const { rcvNxt } = opened.server;
		expect(say(opened, "server", { bits: FIN | ACK })).toEqual([]);
		expect(opened.server.rcvNxt).toBe(rcvNxt);
	});

	it("data without ACK bit is taken up to 4,096 octets off, and no further", () => {
		const opened = openPair();
		const { rcvNxt } = opened.server;
		const payload = datagram(10, 1);
		say(opened, "server", { bits: 0, seq: rcvNxt - 4_096, payload });
		expect(opened.pair.server.takeDelivered()).toHaveLength(1);
		say(opened, "server", { bits: 0, seq: rcvNxt + 4_097, payload });
		expect(opened.pair.server.takeDelivered()).toHaveLength(0);
		expect(opened.pair.server.dropsByName()).toEqual({
			"sequence-out-of-window": 1,
		});
	});
});

describe("packet case 43: keepalives", () => {
	it.each([1, 2, 5_000, 4_194_304])(
		"without payload, %i octets behind, are a sign of life and answered once in 20 ms",
		(octets) => {
			const opened = openPair();
			opened.pair.nowMs += 20_000;
			const seq = opened.server.rcvNxt - octets;
			expect(say(opened, "server", { seq })).toMatchObject([
				{ bits: ACK, payloadLength: 0 },
			]);
			expect(opened.server.lastInboundMs).toBe(opened.pair.nowMs);
			opened.pair.nowMs += 19;
			expect(say(opened, "server", { seq })).toEqual([]);
			opened.pair.nowMs += 1;
			expect(say(opened, "server", { seq })).toHaveLength(1);
			expect(opened.pair.server.dropsByName()).toEqual({});
		},
	);

	it("without payload from 200 MiB behind are answered, and are no sign of life", () => {
		const opened = openPair();
		opened.pair.nowMs += 20_000;
		const { lastInboundMs, rcvNxt } = opened.server;
		const seq = rcvNxt - 200 * 1_048_576;
		expect(say(opened, "server", { seq })).toMatchObject([
			{ bits: ACK, ack: rcvNxt },
		]);
		expect(opened.server.lastInboundMs).toBe(lastInboundMs);
	});

	it("with one octet are answered and not delivered, once the peer was silent for a second", () => {
		const opened = openPair();
		const { server } = opened.pair;
		const keepalive = () =>
			say(opened, "server", {
				seq: opened.server.rcvNxt - 1,
				payload: datagram(1, 0),
			});
		opened.pair.nowMs += 999;
		keepalive();
		expect(server.takeDelivered()).toEqual([datagram(1, 0)]);
		opened.pair.nowMs += 1_000;
		expect(keepalive()).toMatchObject([{ bits: ACK }]);
		expect(server.takeDelivered()).toEqual([]);
		expect(server.dropsByName()).toEqual({ "keepalive-octet": 1 });
		expect(opened.server.lastInboundMs).toBe(opened.pair.nowMs);
	});

	it("with one octet where data would go on are data", () => {
		const opened = openPair();
		opened.pair.nowMs += 20_000;
		say(opened, "server", { payload: datagram(1, 9) });
		expect(opened.pair.server.takeDelivered()).toEqual([datagram(1, 9)]);
	});
});

describe("packet cases 44 and 45: reordered and repeated data", () => {
	it("is delivered as it comes; the acknowledgement never goes back", () => {
		const opened = openPair();
		const { rcvNxt } = opened.server;
		const { server } = opened.pair;
		for (const octets of [100, 0, 50, 50, 150, 100])
			say(opened, "server", {
				seq: rcvNxt + octets,
				payload: datagram(50, octets),
			});
		expect(server.takeDelivered()).toHaveLength(6);
		expect(opened.server.rcvNxt).toBe(rcvNxt + 200);
		expect(server.counter("duplicateOrLateSegments")).toBe(4);
	});

	it("is taken 4 MiB off on either side, and no further", () => {
		const payload = datagram(20, 1);
		for (const [octets, isDelivered] of [
			[4_194_304, true],
			[4_194_305, false],
			[-4_194_304, true],
			[-4_194_305, false],
		] as const) {
			const opened = openPair();
			say(opened, "server", { seq: opened.server.rcvNxt + octets, payload });
			const { length } = opened.pair.server.takeDelivered();
			expect(length).toBe(isDelivered ? 1 : 0);
		}
	});

	it("that the peer never sent costs the answer to it one datagram, not the flow", () => {
		const opened = openPair();
		const { pair, client, server } = opened;
		pair.nowMs += 2_000;
		say(opened, "server", { payload: datagram(1_000, 0xee) });
		pair.server.takeDelivered();
		for (let turn = 0; turn < 3; turn++) {
			pair.client.send(client, [datagram(10, turn)], pair.nowMs);
			pair.server.send(server, [datagram(20, turn)], pair.nowMs);
			pair.settle();
		}
		expect(pair.server.takeDelivered()).toHaveLength(3);
		expect(pair.client.takeDelivered()).toHaveLength(2);
		expect(pair.client.dropsByName()).toEqual({
			"acknowledgement-out-of-window": 1,
		});
	});

	it("needs an acknowledgement from 4 MiB behind what was acknowledged to what was sent; data is answered, an ACK is not", () => {
		for (const [octets, isDelivered] of [
			[0, true],
			[1, false],
			[-4_194_304, true],
			[-4_194_305, false],
		] as const) {
			const opened = openPair();
			const { sndUna, sndNxt } = opened.server;
			const ack = octets < 0 ? sndUna + octets : sndNxt + octets;
			const answers = say(opened, "server", { ack, payload: datagram(5, 5) });
			const { length } = opened.pair.server.takeDelivered();
			expect(length).toBe(isDelivered ? 1 : 0);
			expect(answers).toHaveLength(isDelivered ? 0 : 1);
			opened.pair.nowMs += 1_000;
			expect(say(opened, "server", { ack })).toEqual([]);
		}
	});
});

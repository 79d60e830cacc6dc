import { describe, expect, it } from "vitest";
import { datagram, EngineHost, summarize, WirePair } from "../testing/index.js";
import { resetFor, Talk } from "../testing/talk.js";

const SYN = 0x02;
const ACK = 0x10;

describe.each(["default", "stock-exact"] as const)(
	"a client whose path is dead, towards a %s server",
	(profile) => {
		it("knows within 10 s, and carries on within 3 s after the path is back", () => {
			const talk = new Talk({ server: { profile } });
			expect(talk.talk(3_000)).toHaveLength(30);
			const { localPort } = talk.flow;
			talk.blackout();
			talk.talk(7_500);
			expect(talk.notices("peer-silent")).toBe(0);
			talk.talk(2_500);
			expect(talk.notices("peer-silent")).toBe(1);
			expect(talk.pair.client.renewed[0]).toEqual({
				slot: 0,
				localPort,
				reason: "peer-silent",
			});
			talk.talk(50_000);
			expect(talk.notices("handshake-unanswered")).toBeGreaterThan(5);
			talk.repair();
			expect(talk.talk(3_000).length).toBeGreaterThan(5);
			expect(talk.flow.state).toBe("ESTABLISHED");
			expect(talk.flow.localPort).not.toBe(localPort);
			expect(talk.notices("flow-renewed")).toBe(1);
			expect(talk.pair.client.closed).toEqual([]);
			// From then on nothing is lost.
			expect(talk.talk(1_000)).toHaveLength(10);
		});

		it("comes back on the old flow, without a handshake, when the path does within 6 s", () => {
			const talk = new Talk({ server: { profile } });
			talk.talk(1_000);
			talk.blackout();
			talk.talk(6_000);
			talk.repair();
			expect(talk.talk(2_000)).toHaveLength(20);
			talk.talk(30_000);
			expect(talk.pair.client.renewed).toEqual([]);
			expect(talk.notices("peer-silent")).toBe(0);
		});

		it("is not taken for dead while it only sends and the server's side never answers", () => {
			const talk = new Talk({ server: { profile } });
			talk.talk(60_000);
			expect(talk.pair.client.renewed).toEqual([]);
			const probes = talk.pair.capture.filter(
				({ direction, packet }) =>
					direction === "to-server" && summarize(packet).payloadLength === 0,
			);
			// Two segments per probe, a probe every 2.6 s at most; two of ours acknowledge by themselves.
			expect(probes.length).toBeLessThan(60);
		});
	},
);

describe("a client whose flow is reset", () => {
	/** The server forgets everything: the next segment is answered with RST|ACK. */
	function restartServer(talk: Talk): void {
		for (const flow of [...talk.pair.server.engine.flows])
			talk.pair.server.engine.close(flow, "moved", talk.pair.nowMs);
		talk.pair.server.takeSent();
	}

	it("begins a new handshake at once, from another port, and loses what was on its way only", () => {
		const talk = new Talk();
		talk.talk(1_000);
		restartServer(talk);
		const carried = talk.talk(1_000);
		expect(carried).toHaveLength(9);
		expect(talk.pair.client.renewed.map(({ reason }) => reason)).toEqual([
			"reset-by-peer",
		]);
		expect(talk.notices("flow-renewed")).toBe(1);
	});

	it("stays closed, for good, when the peer's idle timer ends what nobody uses any more", () => {
		const pair = new WirePair({ server: { idleTimeoutMs: 3_000 } });
		const flow = pair.client.open(pair.nowMs);
		pair.client.send(flow, [datagram(20, 1)], pair.nowMs);
		pair.settle();
		pair.advance(30_000);
		expect(pair.client.renewed).toEqual([]);
		expect(pair.client.engine.flows).toHaveLength(0);
		expect(pair.server.engine.flows).toHaveLength(0);
	});

	it("stays closed when it had been idle: the peer may have needed the slot", () => {
		const talk = new Talk();
		talk.pair.advance(11_000);
		for (const flow of [...talk.pair.server.engine.flows])
			talk.pair.server.engine.close(flow, "idle", talk.pair.nowMs);
		talk.pair.server.engine.flush();
		talk.pair.settle();
		expect(talk.pair.client.closed).toEqual([
			{ slot: 0, reason: "reset-by-peer" },
		]);
		expect(talk.pair.client.engine.flows).toHaveLength(0);
	});

	it("does not storm when somebody resets whatever it opens", () => {
		const talk = new Talk();
		talk.talk(500);
		talk.pair.capture.length = 0;
		talk.pair.wire = (packet, direction) => {
			const { bits, payloadLength } = summarize(packet);
			if (direction === "to-client" || payloadLength === 0) return [packet];
			expect(bits).toBe(ACK);
			// The middlebox answers data with the reset that the server would send.
			const answer = resetFor(packet.bytes);
			talk.pair.client.receive(
				{ bytes: answer, segmentSize: 0 },
				talk.pair.nowMs,
				0,
			);
			return [];
		};
		talk.talk(30_000);
		// A pause of up to 2 s before each but the first few.
		expect(talk.syns()).toBeGreaterThan(10);
		expect(talk.syns()).toBeLessThan(40);
		talk.repair();
		expect(talk.talk(3_000).length).toBeGreaterThan(5);
	});
});

describe("a client whose handshake fails", () => {
	it("tries again with pauses of at most 2.5 s between SYNs while its application sends, and keeps nothing stale", () => {
		const client = new EngineHost({ role: "client" });
		const flow = client.open(0);
		const synsMs = [0];
		let said = 0;
		for (let nowMs = 10; nowMs <= 60_000; nowMs += 10) {
			if (nowMs % 100 === 0) client.send(flow, [datagram(20, ++said)], nowMs);
			client.engine.expire(nowMs);
			client.engine.flush();
			for (const packet of client.takeSent())
				if (summarize(packet).bits === SYN) synsMs.push(nowMs);
		}
		const gaps = synsMs.slice(1).map((ms, place) => ms - (synsMs[place] ?? 0));
		expect(Math.max(...gaps)).toBeLessThanOrEqual(2_510);
		expect(synsMs.length).toBeLessThan(50);
		expect(client.closed).toEqual([]);
		// Everything that was given up is counted, and the rest is what the last attempt collected.
		const waiting = client.engine.pendingBytes / 20;
		expect(waiting).toBeLessThan(60);
		expect(client.dropsByName()).toEqual({
			"handshake-failed": said - waiting,
		});
		expect(new Set(client.renewed.map(({ localPort }) => localPort)).size).toBe(
			client.renewed.length,
		);
	});

	it("gives up when its application has fallen silent", () => {
		const client = new EngineHost({ role: "client" });
		const flow = client.open(0);
		client.send(flow, [datagram(20, 1)], 0);
		for (let nowMs = 100; nowMs <= 4_000; nowMs += 100)
			client.engine.expire(nowMs);
		expect(client.closed).toEqual([{ slot: 0, reason: "handshake-timeout" }]);
		expect(client.notices.map(({ name }) => name)).toEqual([
			"handshake-unanswered",
		]);
	});

	it("does not answer each refusal with a SYN, whatever its application sends", () => {
		const pair = new WirePair();
		pair.wire = (packet, direction) =>
			direction === "to-server" && summarize(packet).bits === SYN
				? refuse(packet.bytes)
				: [];
		const refuse = (bytes: Uint8Array): [] => {
			const reset = resetFor(bytes);
			pair.client.receive({ bytes: reset, segmentSize: 0 }, pair.nowMs, 0);
			return [];
		};
		const flow = pair.client.open(pair.nowMs);
		for (let turn = 0; turn < 1_000; turn++) {
			pair.client.send(flow, [datagram(20, turn)], pair.nowMs);
			pair.settle();
			pair.advance(10, 10);
		}
		const syns = pair.capture.filter(
			({ packet }) => summarize(packet).bits === SYN,
		).length;
		expect(syns).toBeGreaterThan(5);
		expect(syns).toBeLessThan(15);
		pair.wire = (packet) => [packet];
		pair.client.send(flow, [datagram(20, 7)], pair.nowMs);
		pair.advance(2_100);
		expect(pair.server.takeDelivered().at(-1)).toEqual(datagram(20, 7));
	});

	it("begins at once on the port of a dead client, whose flow a stock server still has", () => {
		const pair = new WirePair({ server: { profile: "stock-exact" } });
		pair.client.send(
			pair.client.open(pair.nowMs),
			[datagram(20, 9)],
			pair.nowMs,
		);
		pair.settle();
		const [old] = pair.server.opened;
		if (old === undefined) throw new Error("no flow");
		pair.server.send(old, [datagram(20, 9)], pair.nowMs);
		pair.settle();
		pair.server.takeDelivered();
		// Another client that knows nothing, from the same port: the seed decides it.
		const next = new EngineHost({ role: "client", seed: 7 });
		const flow = next.open(pair.nowMs);
		next.send(flow, [datagram(20, 1)], pair.nowMs);
		for (let exchange = 0; exchange < 10; exchange++) {
			for (const packet of next.takeSent())
				pair.server.receive(packet, pair.nowMs);
			for (const packet of pair.server.takeSent())
				next.receive(packet, pair.nowMs);
		}
		expect(flow.state).toBe("ESTABLISHED");
		expect(next.renewed).toEqual([]);
		expect(pair.server.takeDelivered()).toEqual([datagram(20, 1)]);
	});

	it("as stock-exact, ends like stock", () => {
		const talk = new Talk({ client: { profile: "stock-exact" } });
		talk.talk(500);
		talk.blackout();
		talk.talk(60_000);
		expect(talk.pair.client.renewed).toEqual([]);
		expect(talk.notices("peer-silent")).toBe(0);
	});
});

describe("a path that is dead in one direction", () => {
	it("is noticed although the server's questions still arrive", () => {
		const talk = new Talk();
		const { pair } = talk;
		talk.talk(1_000);
		const [serverFlow] = pair.server.opened;
		if (serverFlow === undefined) throw new Error("no flow");
		pair.server.send(serverFlow, [datagram(20, 1)], pair.nowMs);
		pair.wire = (packet, direction) =>
			direction === "to-client" ? [packet] : [];
		talk.talk(10_000);
		expect(talk.notices("peer-silent")).toBe(1);
		expect(pair.client.renewed).not.toEqual([]);
	});
});

describe("a server whose client is dead", () => {
	it("asks no more than it must, and lets the flow expire although its target goes on sending", () => {
		const pair = new WirePair({ server: { idleTimeoutMs: 30_000 } });
		pair.client.open(pair.nowMs);
		pair.settle();
		const [flow] = pair.server.opened;
		if (flow === undefined) throw new Error("no flow");
		pair.wire = () => [];
		pair.capture.length = 0;
		for (let passedMs = 0; passedMs < 60_000; passedMs += 100) {
			if (pair.server.engine.flowAt(flow.slot) !== undefined)
				pair.server.send(flow, [datagram(20, 1)], pair.nowMs);
			pair.settle();
			pair.nowMs += 100;
			pair.server.engine.expire(pair.nowMs);
			pair.server.engine.flush();
		}
		expect(pair.server.closed).toEqual([{ slot: 0, reason: "idle" }]);
		expect(pair.server.notices.map(({ name }) => name)).toContain(
			"peer-silent",
		);
		const bare = pair.capture
			.map(({ packet }) => summarize(packet))
			.filter(
				({ payloadLength, window }) => payloadLength === 0 && window === 0xffff,
			);
		// Six probes of two segments, and the reset at the end.
		expect(bare).toHaveLength(13);
	});

	it("says that it is back when it is", () => {
		const pair = new WirePair();
		const clientFlow = pair.client.open(pair.nowMs);
		pair.settle();
		const [flow] = pair.server.opened;
		if (flow === undefined) throw new Error("no flow");
		pair.wire = () => [];
		for (let turn = 0; turn < 120; turn++) {
			pair.server.send(flow, [datagram(20, 1)], pair.nowMs);
			pair.nowMs += 100;
			pair.server.engine.expire(pair.nowMs);
			pair.server.engine.flush();
			pair.server.takeSent();
		}
		pair.wire = (packet) => [packet];
		pair.client.send(clientFlow, [datagram(20, 1)], pair.nowMs);
		pair.settle();
		pair.advance(100);
		expect(pair.server.notices.map(({ name }) => name)).toEqual(
			expect.arrayContaining(["peer-silent", "peer-back"]),
		);
	});
});

describe("a machine that had slept", () => {
	it("finds out within four seconds that its peer has forgotten it, without any data of its own", () => {
		const talk = new Talk();
		talk.talk(1_000);
		talk.blackout();
		talk.pair.client.engine.doubtPeers(talk.pair.nowMs);
		talk.pair.advance(3_500);
		expect(talk.pair.client.renewed).toHaveLength(1);
	});

	it("finds its flows as they were when the peer has not", () => {
		const talk = new Talk();
		talk.talk(1_000);
		talk.pair.client.engine.doubtPeers(talk.pair.nowMs);
		talk.pair.advance(10_000);
		expect(talk.pair.client.renewed).toEqual([]);
	});
});

describe("ten thousand silent flows", () => {
	it("are asked a thousand a second", () => {
		const maxFlows = 10_000;
		const client = new EngineHost({ role: "client", maxFlows });
		for (let count = 0; count < maxFlows; count++) {
			const flow = client.open(0);
			flow.state = "ESTABLISHED";
			flow.isWindowOpen = true;
		}
		client.takeSent();
		const sentUntil = (fromMs: number, toMs: number): number => {
			let sent = 0;
			for (let nowMs = fromMs; nowMs <= toMs; nowMs += 100) {
				for (const flow of client.engine.flows) flow.lastDataMs = nowMs;
				client.engine.expire(nowMs);
				client.engine.flush();
				sent += client.takeSent().length;
			}
			return sent;
		};
		expect(sentUntil(100, 2_500)).toBe(0);
		// Two segments each; a second's worth may come at once.
		const sent = sentUntil(2_600, 6_500);
		expect(sent).toBeGreaterThan(2 * 3_500);
		expect(sent).toBeLessThanOrEqual(2 * 5_000);
	});
});

describe("flows that are dead, or flood", () => {
	it("take no more than their share of what may wait: other handshakes have room", () => {
		const client = new EngineHost({ role: "client", maxFlows: 64 });
		const large = Array.from({ length: 1_000 }, () => datagram(1_000, 1));
		const flood = client.open(0);
		for (let batch = 0; batch < 20; batch++) client.send(flood, large, 0);
		expect(client.engine.pendingBytes).toBeLessThanOrEqual(1024 * 1024);
		for (let other = 0; other < 20; other++)
			client.send(client.open(0), large, 0);
		// The pool is used up by twenty flows that nobody answers; a newcomer's first words still wait.
		const before = client.dropsByName()["pending-full"];
		expect(client.engine.pendingBytes).toBeGreaterThan(15 * 1024 * 1024);
		client.send(client.open(0), [datagram(1_460, 1), datagram(148, 2)], 0);
		expect(client.dropsByName()["pending-full"]).toBe(before);
	});

	it("do not hold up a flow that is alive: what it sends leaves with the same flush", () => {
		const pair = new WirePair({ client: { maxFlows: 64 } });
		const good = pair.client.open(pair.nowMs);
		pair.settle();
		pair.wire = (packet, direction) =>
			direction === "to-client" ||
			summarize(packet).sourcePort === good.localPort
				? [packet]
				: [];
		const large = Array.from({ length: 1_000 }, () => datagram(1_000, 1));
		for (let dead = 0; dead < 20; dead++)
			pair.client.send(pair.client.open(pair.nowMs), large, pair.nowMs);
		for (let turn = 0; turn < 100; turn++) {
			pair.client.send(good, [datagram(20, turn)], pair.nowMs);
			pair.settle();
			expect(pair.server.takeDelivered()).toEqual([datagram(20, turn)]);
			pair.advance(100);
		}
	});
});

import { describe, expect, it } from "vitest";
import { LASTING_QUIET_MS, QUIET_MS } from "../flow/quiet-flows.js";
import { SOURCE_PORTS } from "../flow/source-ports.js";
import {
	datagram,
	EngineHost,
	SERVER_ADDRESS,
	SERVER_PORT,
	summarize,
	WirePair,
} from "../testing/index.js";
import { parseIpAddress } from "../wire/ip-address.js";

const RST = 0x04;

/** A pair with `count` open conversations; the one end's table is full then. */
function fullPair(
	count: number,
	limits: { client?: number; server?: number },
): WirePair {
	const pair = new WirePair({
		client: { maxFlows: limits.client ?? 256 },
		server: { maxFlows: limits.server ?? 256 },
	});
	for (let index = 0; index < count; index++) {
		pair.client.open(pair.nowMs);
		pair.settle();
		pair.nowMs += 1;
	}
	return pair;
}

/** Opens one more conversation and says something in it. @returns true when the server delivered it. */
function isServed(pair: WirePair): boolean {
	pair.server.takeDelivered();
	const flow = pair.client.tryOpen(pair.nowMs);
	if (typeof flow === "string") return false;
	pair.client.send(flow, [datagram(9, 7)], pair.nowMs);
	pair.settle();
	return pair.server.takeDelivered().length === 1;
}

describe.each(["client", "server"] as const)("a full %s", (role) => {
	const pairOfEight = () => fullPair(8, { [role]: 8 });

	it("closes its quietest flow with a reset for a newcomer, and so does the peer", () => {
		const pair = pairOfEight();
		const full = pair[role];
		const other = pair[role === "client" ? "server" : "client"];
		pair.nowMs += QUIET_MS;
		pair.capture.length = 0;
		expect(isServed(pair)).toBe(true);
		expect(full.closed).toEqual([{ slot: 0, reason: "evicted" }]);
		expect(other.closed).toEqual([{ slot: 0, reason: "reset-by-peer" }]);
		expect(full.engine.establishedCount).toBe(8);
		expect(full.dropsByName()).toEqual({});
		const resets = pair.capture.filter(
			({ packet }) => (summarize(packet).bits & RST) !== 0,
		);
		expect(resets).toHaveLength(1);
	});

	it("refuses a newcomer while every flow is alive, and counts it once", () => {
		const pair = pairOfEight();
		pair.advance(QUIET_MS / 2);
		for (const flow of [...pair.client.engine.flows])
			pair.client.send(flow, [datagram(5, 1)], pair.nowMs);
		pair.settle();
		pair.advance(QUIET_MS - 200);
		expect(isServed(pair)).toBe(false);
		expect(pair[role].closed).toEqual([]);
		if (role === "server")
			expect(pair.server.dropsByName()).toEqual({ "flow-limit": 1 });
		else expect(pair.client.tryOpen(pair.nowMs)).toBe("no-flow-slot");
		expect(pair[role].engine.flows).toHaveLength(8);
	});

	it("keeps the one flow that is alive whoever comes, and gives the other slots in turn", () => {
		const pair = pairOfEight();
		const [alive] = pair.client.engine.flows;
		if (alive === undefined) throw new Error("no flow");
		let served = 0;
		for (let turn = 0; turn < 200; turn++) {
			pair.nowMs += 500;
			pair.client.send(alive, [datagram(3, 1)], pair.nowMs);
			pair.settle();
			if (isServed(pair)) served++;
		}
		expect(alive.state).toBe("ESTABLISHED");
		expect(alive.localPort).toBe(pair.client.opened[0]?.localPort);
		expect(pair.server.engine.flows).toContain(pair.server.opened[0]);
		// Seven slots, one newcomer each per quiet time, for 100 s.
		expect(served).toBeGreaterThanOrEqual(7 * 9);
		expect(served).toBeLessThanOrEqual(7 * 10);
	});

	it("gives back what waited in an evicted flow, counted", () => {
		const pair = pairOfEight();
		const first = pair.client.engine.flows[0];
		if (first === undefined) throw new Error("no flow");
		// As if conntrack's window had never opened: nothing leaves, all waits.
		first.isWindowOpen = false;
		first.sndNxt = 70_000;
		pair.client.send(first, [datagram(100, 1), datagram(50, 2)], pair.nowMs);
		expect(pair.client.engine.pendingBytes).toBe(150);
		pair.nowMs += QUIET_MS;
		expect(isServed(pair)).toBe(true);
		expect(pair.client.engine.pendingBytes).toBe(0);
		// The full end's reset says a sequence number that the other has not come to: it asks back when it is the server.
		const challenges = role === "client" ? { "unknown-flow": 1 } : {};
		expect(pair.client.dropsByName()).toEqual({
			"flow-closed": 2,
			...challenges,
		});
	});
});

describe("a full client", () => {
	it("does not evict a flow whose datagram has come and is not sent yet", () => {
		const pair = fullPair(2, { client: 2 });
		const [first, second] = pair.client.engine.flows;
		pair.nowMs += QUIET_MS;
		pair.client.engine.noteWanted(first?.slot ?? -1, pair.nowMs);
		pair.client.open(pair.nowMs);
		expect(pair.client.closed).toEqual([
			{ slot: second?.slot, reason: "evicted" },
		]);
		expect(pair.client.tryOpen(pair.nowMs)).toBe("no-flow-slot");
	});

	it("keeps what is assembled for another flow when so many are evicted and opened that it must flush", () => {
		const pair = fullPair(201, { client: 201 });
		const [first] = pair.client.engine.flows;
		if (first === undefined) throw new Error("no flow");
		pair.nowMs += QUIET_MS;
		const datagrams = [1, 2, 3].map((fill) => datagram(100, fill));
		pair.client.assemble(first, datagrams);
		pair.client.engine.noteWanted(first.slot, pair.nowMs);
		// 200 resets and 200 SYNs; the header region holds 256.
		const server = parseIpAddress(SERVER_ADDRESS);
		if (server === null) throw new Error("no address");
		for (let newcomer = 0; newcomer < 200; newcomer++)
			expect(
				pair.client.engine.open(server, SERVER_PORT, pair.nowMs),
			).toBeTypeOf("object");
		expect(pair.client.sent.length).toBeGreaterThan(0);
		const more = [4, 5].map((fill) => datagram(90, fill));
		pair.client.assemble(first, more);
		pair.client.sendAssembled(first, pair.nowMs);
		pair.server.takeDelivered();
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([...datagrams, ...more]);
	});
});

describe("a full server", () => {
	it("packet case 57: completes a burst of handshakes side by side", () => {
		const pair = fullPair(128, { server: 128 });
		pair.nowMs += QUIET_MS;
		const burst = Array.from({ length: 16 }, () =>
			pair.client.open(pair.nowMs),
		);
		pair.settle();
		expect(burst.map(({ state }) => state)).toEqual(
			Array(16).fill("ESTABLISHED"),
		);
		expect(pair.server.engine.establishedCount).toBe(128);
	});

	it("loses no more quiet flows to a flood of SYNs than handshakes it shelters, and none that is alive", () => {
		const pair = fullPair(256, { server: 256, client: 256 });
		pair.nowMs += QUIET_MS;
		const alive = pair.client.engine.flows.slice(0, 100);
		for (const flow of alive)
			pair.client.send(flow, [datagram(3, 1)], pair.nowMs);
		pair.settle();
		const flood = new EngineHost({ role: "client", maxFlows: 4_096, seed: 99 });
		for (let syn = 0; syn < 2_000; syn++) flood.open(pair.nowMs);
		for (const syn of flood.takeSent()) pair.server.receive(syn, pair.nowMs);
		expect(pair.server.engine.establishedCount).toBe(256 - 32);
		expect(pair.server.engine.halfOpenCount).toBe(32);
		pair.wire = () => [];
		pair.settle();
		pair.wire = (packet) => [packet];
		for (const flow of alive)
			pair.client.send(flow, [datagram(4, 2)], pair.nowMs);
		pair.server.takeDelivered();
		pair.settle();
		expect(pair.server.takeDelivered()).toHaveLength(100);
	});

	it("keeps a lasting conversation through a pause of 25 s while short ones come and go", () => {
		const pair = fullPair(4, { server: 4 });
		const [lasting] = pair.client.engine.flows;
		if (lasting === undefined) throw new Error("no flow");
		pair.nowMs += QUIET_MS - 1_000;
		pair.client.send(lasting, [datagram(32, 1)], pair.nowMs);
		pair.nowMs += 2_000;
		pair.client.send(lasting, [datagram(32, 1)], pair.nowMs);
		pair.settle();
		let served = 0;
		for (let second = 1; second < LASTING_QUIET_MS / 1_000 - 1; second++) {
			pair.nowMs += 1_000;
			if (isServed(pair)) served++;
		}
		expect(served).toBeGreaterThanOrEqual(6);
		expect(lasting.state).toBe("ESTABLISHED");
		expect(pair.server.engine.flows).toContain(pair.server.opened[0]);
	});
});

describe("a client with more slots than source ports", () => {
	it("refuses for want of a port, without looking for one, until handshakes have ended", () => {
		const client = new EngineHost({ role: "client", maxFlows: 40_000 });
		for (let flow = 0; flow < SOURCE_PORTS; flow++) {
			client.open(0);
			client.takeSent();
		}
		expect(client.engine.flows).toHaveLength(SOURCE_PORTS);
		for (let refused = 0; refused < 1_000; refused++)
			expect(client.tryOpen(1)).toBe("no-free-port");
		for (let second = 1; second <= 8; second++)
			client.engine.expire(second * 1_000);
		expect(client.engine.flows).toHaveLength(0);
		expect(typeof client.tryOpen(8_001)).not.toBe("string");
	});
});

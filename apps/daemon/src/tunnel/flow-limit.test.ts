// A full flow table, seen from the applications: who is served, who is refused, what is let go of.

import { beforeEach, describe, expect, it } from "vitest";
import { PumpPair } from "./testing/pump-pair.js";

/** Flows that heard or carried something within this are alive (fake-tcp's QUIET_MS). */
const QUIET_MS = 10_000;

describe.each([
	["client", { client: 4, server: 64 }],
	["server", { client: 64, server: 4 }],
] as const)("a full %s", (role, limits) => {
	let world: PumpPair;
	beforeEach(() => {
		world = new PumpPair(limits);
	});

	it("serves newcomers from quiet conversations, and lets go of what was theirs", () => {
		world.conversations(4);
		for (let newcomer = 0; newcomer < 20; newcomer++) {
			world.nowMs += QUIET_MS;
			world.send(world.application(), 100 + newcomer);
			expect(world.settle()).toEqual([100 + newcomer]);
		}
		expect(world[role].closed).toEqual(Array(20).fill("evicted"));
		expect(world.client.engine.flows).toHaveLength(4);
		expect(world.server.engine.flows).toHaveLength(4);
		// The client's one listening socket, and one of the server's per flow.
		expect(world.client.openSockets).toBe(1);
		expect(world.server.openSockets).toBe(4);
		expect(world[role].dropped(refusal(role))).toBe(0);
	});

	it("serves an evicted application anew when it speaks again", () => {
		const [first] = world.conversations(4);
		if (first === undefined) throw new Error("no application");
		world.nowMs += QUIET_MS;
		world.send(world.application(), 50);
		world.settle();
		world.nowMs += 1;
		world.send(first, 51);
		expect(world.settle()).toEqual([51]);
	});

	it("refuses a newcomer while all are alive, and counts it exactly once", () => {
		const sockets = world.conversations(4);
		world.nowMs += QUIET_MS / 2;
		for (const socket of sockets) world.send(socket, 9);
		world.settle();
		world.nowMs += QUIET_MS - 100;
		world.send(world.application(), 77);
		expect(world.settle()).toEqual([]);
		expect(world[role].dropped(refusal(role))).toBe(1);
		expect(world[role].closed).toEqual([]);
	});
});

function refusal(role: "client" | "server") {
	return role === "client" ? "no-flow-slot" : "flow-limit";
}

describe("a full client", () => {
	it("never sends an application's datagrams on the flow that took its slot, in one batch", () => {
		const world = new PumpPair({ client: 2, server: 64 });
		const [first, second] = world.conversations(2);
		if (first === undefined || second === undefined)
			throw new Error("no application");
		world.nowMs += QUIET_MS;
		// All three lie in the socket before the pump reads: the first is wanted, the second's slot goes.
		world.send(first, 11);
		const newcomer = world.application();
		world.send(newcomer, 12);
		world.send(newcomer, 13);
		const refused = world.application();
		world.send(refused, 14);
		expect(world.settle()).toEqual([11, 12, 13]);
		expect(world.client.closed).toEqual(["evicted"]);
		expect(world.client.dropped("no-flow-slot")).toBe(1);
		const segmentsSent = world.client.engine.flows.map((flow) =>
			world.client.engine.flowCounter(flow, "segmentsSent"),
		);
		expect(segmentsSent).toEqual([2, 2]);
	});

	it("serves a crowd of newcomers at once and loses nothing of those who speak", () => {
		const world = new PumpPair({ client: 200, server: 220 });
		const old = world.conversations(200);
		expect(world.client.engine.establishedCount).toBe(200);
		world.nowMs += QUIET_MS;
		const alive = old.slice(0, 20);
		for (const [index, socket] of alive.entries())
			world.send(socket, index + 1);
		for (let newcomer = 0; newcomer < 180; newcomer++)
			world.send(world.application(), 250);
		const arrived = world.settle();
		expect(arrived.filter((fill) => fill === 250)).toHaveLength(180);
		expect(
			arrived.filter((fill) => fill !== 250).sort((a, b) => a - b),
		).toEqual(alive.map((_, index) => index + 1));
		expect(world.client.closed).toEqual(Array(180).fill("evicted"));
	});
});

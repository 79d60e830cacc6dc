// What the pump counts when its device takes nothing.

import { DROP, DROP_REASON_ROWS } from "@tunscope/fake-tcp";
import { expect, it } from "vitest";
import { PumpPair } from "./testing/pump-pair.js";

/** A pair with one conversation, whose next datagrams are a train. */
function conversation() {
	const pair = new PumpPair({ client: 8, server: 8 });
	const [socket] = pair.conversations(1);
	if (socket === undefined) throw new Error("no application");
	expect(dropsOf(pair)).toEqual({});
	return { pair, socket };
}

function dropsOf(pair: PumpPair): Record<string, number> {
	const { drops } = pair.client.counters;
	const rows = DROP_REASON_ROWS.map(
		({ name }, reason) => [name, drops[reason] ?? 0] as const,
	);
	return Object.fromEntries(rows.filter(([, count]) => count > 0));
}

it("counts every datagram of a train while there is no TUN, and every bare segment", () => {
	const { pair, socket } = conversation();
	pair.client.pump.setTun(null);
	for (let datagram = 0; datagram < 5; datagram++) pair.send(socket, 7);
	pair.settle();
	expect(dropsOf(pair)).toEqual({ "tun-down": 5 });
	// A newcomer's SYN.
	pair.send(pair.application(), 8);
	pair.settle();
	expect(dropsOf(pair)).toEqual({ "tun-down": 6 });
	pair.client.pump.setTun(pair.client.tun);
	pair.send(socket, 9);
	expect(pair.settle()).toEqual([9]);
});

it("counts every datagram of a train that a TUN which is down refuses", () => {
	const { pair, socket } = conversation();
	const { tunWrites } = pair.client;
	pair.network.setTunDown(pair.client.tun, true);
	for (let datagram = 0; datagram < 5; datagram++) pair.send(socket, 7);
	pair.settle();
	expect(pair.client.tunWrites - tunWrites).toBe(1);
	expect(pair.client.dropped("tun-down")).toBe(5);
});

it("counts what a deleted TUN loses under its own reason", () => {
	const { pair, socket } = conversation();
	pair.network.deleteTun(pair.client.tun);
	for (let datagram = 0; datagram < 3; datagram++) pair.send(socket, 7);
	pair.settle();
	expect(pair.client.dropped("tun-write-failed")).toBe(3);
	expect(pair.client.counters.drops[DROP["tun-down"]]).toBe(0);
});

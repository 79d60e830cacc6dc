import { describe, expect, it } from "vitest";
import { datagram, summarize, WirePair } from "../testing/index.js";
import { parseIpAddress } from "../wire/ip-address.js";

const RST = 0x04;

function address(text: string) {
	const parsed = parseIpAddress(text);
	if (parsed === null) throw new Error(`${text} is no address`);
	return parsed;
}

describe("a flow that is moved", () => {
	it("keeps what waits for its handshake, and delivers it once, in order", () => {
		const pair = new WirePair();
		pair.wire = () => [];
		const first = pair.client.open(pair.nowMs);
		pair.client.send(first, [datagram(7, 1), datagram(8, 2)], pair.nowMs);
		pair.settle();
		const { remotePort, localPort } = first;
		pair.wire = (packet) => [packet];
		const server = address("192.168.201.2");
		const { engine } = pair.client;
		const next = engine.move(first, server, remotePort, pair.nowMs);
		engine.flush();
		if (typeof next === "string") throw new Error(next);
		expect(next.localPort).not.toBe(localPort);
		pair.settle();
		expect(pair.server.delivered.map(({ bytes }) => bytes.length)).toEqual([
			7, 8,
		]);
		expect(pair.client.closed.map(({ reason }) => reason)).toEqual(["moved"]);
		expect(engine.pendingBytes).toBe(0);
	});

	it("is reset at the old place, and carries on at the new one", () => {
		const pair = new WirePair();
		const first = pair.client.open(pair.nowMs);
		pair.settle();
		const { engine } = pair.client;
		const next = engine.move(
			first,
			address("203.0.113.77"),
			first.remotePort,
			pair.nowMs,
		);
		engine.flush();
		const sent = pair.client.takeSent().map(summarize);
		expect(sent.map(({ bits }) => bits)).toEqual([RST, 0x02]);
		expect(typeof next).toBe("object");
		expect(engine.flows).toHaveLength(1);
	});
});

import { describe, expect, it } from "vitest";
import {
	datagram,
	EngineHost,
	summarize,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

/** Sends ten datagrams every 100 ms, one segment each, on a wire that does this with the n-th data segment. */
function stream(
	pair: WirePair,
	durationMs: number,
	wire: (packet: WirePacket, nth: number) => readonly WirePacket[],
): void {
	const flow = pair.client.engine.flows[0] ?? pair.client.open(pair.nowMs);
	pair.settle();
	let nth = 0;
	pair.wire = (packet, direction) =>
		direction === "to-server" && summarize(packet).payloadLength > 0
			? wire(packet, nth++)
			: [packet];
	for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
		// Sizes that differ, so that each is a segment of its own.
		for (let size = 60; size < 70; size++)
			pair.client.send(flow, [datagram(size, 1)], pair.nowMs);
		pair.settle();
		pair.advance(100);
	}
}

const names = ({ notices }: EngineHost): string[] =>
	notices.map(({ name }) => name);

describe("what a flow says of its path", () => {
	it("is loss, once in ten seconds, with its share and the size of the sample", () => {
		const pair = new WirePair();
		stream(pair, 32_000, (packet, nth) => (nth % 10 === 3 ? [] : [packet]));
		const told = pair.server.notices.filter(
			({ name }) => name === "loss-inbound",
		);
		expect(told).toHaveLength(3);
		for (const { value, other } of told) {
			expect(value).toBeGreaterThan(90);
			expect(value).toBeLessThan(110);
			expect(other).toBeGreaterThan(850);
		}
		const [flow] = pair.server.engine.flows;
		expect(flow?.quality.lossPerMille).toBe(told.at(-1)?.value);
		expect(names(pair.client)).not.toContain("loss-inbound");
	});

	it("is order, where segments overtake each other, and no loss", () => {
		const pair = new WirePair();
		let held: WirePacket | null = null;
		stream(pair, 12_000, (packet, nth) => {
			if (nth % 10 === 3) {
				held = packet;
				return [];
			}
			const late = held === null ? [] : [held];
			held = null;
			return [packet, ...late];
		});
		expect(names(pair.server)).toContain("reordering-inbound");
		expect(names(pair.server)).not.toContain("loss-inbound");
	});

	it("is nothing on a clean path, nor of one datagram lost in a thousand", () => {
		const pair = new WirePair();
		stream(pair, 32_000, (packet, nth) => (nth % 1_000 === 3 ? [] : [packet]));
		expect(names(pair.server)).not.toContain("loss-inbound");
		expect(names(pair.server)).not.toContain("reordering-inbound");
	});

	it("is a round trip from the handshake on", () => {
		const client = new EngineHost({ role: "client" });
		const server = new EngineHost({ role: "server" });
		const flow = client.open(1_000);
		const carry = (from: EngineHost, to: EngineHost, nowMs: number) => {
			for (const packet of from.takeSent()) to.receive(packet, nowMs);
		};
		carry(client, server, 1_040);
		carry(server, client, 1_080);
		expect(flow.quality.smoothedRoundTripUs).toBe(80_000);
		carry(client, server, 1_120);
		const [serverFlow] = server.opened;
		expect(serverFlow?.quality.smoothedRoundTripUs).toBe(80_000);
		client.send(flow, [datagram(20, 1)], 2_000);
		carry(client, server, 2_030);
		if (serverFlow === undefined) throw new Error("no flow");
		server.send(serverFlow, [datagram(20, 2)], 2_030);
		carry(server, client, 2_060);
		expect(flow.quality.leastRoundTripUs).toBe(60_000);
		expect(flow.quality.smoothedRoundTripUs).toBe(77_500);
	});
});

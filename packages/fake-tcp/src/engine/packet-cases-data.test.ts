import { describe, expect, it } from "vitest";
import { datagram, summarize } from "../testing/index.js";
import { type End, OpenFlow } from "../testing/open-flow.js";
import { SimulatedNetwork } from "../testing/simulated-network.js";

const FIN = 0x01;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const MIB = 1024 * 1024;
const ENDS: readonly End[] = ["client", "server"];

function delivered(flow: OpenFlow, end: End): readonly Uint8Array[] {
	return flow.host(end).takeDelivered();
}

describe("segments of an open flow", () => {
	it("packet case 36: a reset closes when its sequence is exact, and never when it is far off", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			const { rcvNxt } = flow.flow(end);
			for (const distance of [5 * MIB, -5 * MIB, 2 ** 31])
				expect(
					flow.give(
						end,
						flow.forge(end, { bits: RST, seq: (rcvNxt + distance) >>> 0 }),
					),
				).toEqual([]);
			expect(flow.host(end).dropsByName()["rst-out-of-window"]).toBe(3);
			expect(flow.carriesBothWays()).toBe(true);
			flow.give(end, flow.forge(end, { bits: RST | ACK }));
			const { closed, renewed } = flow.host(end);
			// A client whose application is there begins anew.
			expect(end === "client" ? renewed : closed).toMatchObject([
				{ reason: "reset-by-peer" },
			]);
		}
	});

	it("packet case 36: a reset within the window is answered with a challenge ACK, and closes nothing", () => {
		for (const end of ENDS)
			for (const distance of [1, -1, 1_400, 3 * MIB]) {
				const flow = new OpenFlow();
				flow.pair.nowMs += 2_000;
				const { rcvNxt, sndNxt } = flow.flow(end);
				const seq = (rcvNxt + distance) >>> 0;
				const answers = flow.give(
					end,
					flow.forge(end, { bits: RST, seq, ack: 0 }),
				);
				expect(answers.map(summarize)).toMatchObject([
					{ bits: ACK, seq: sndNxt >>> 0, ack: rcvNxt >>> 0, payloadLength: 0 },
				]);
				expect(flow.host(end).closed).toEqual([]);
				expect(flow.carriesBothWays()).toBe(true);
			}
	});

	it("packet case 38: a reset without ACK bit and with acknowledgement 0 closes by its sequence alone", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.give(end, flow.forge(end, { bits: RST, ack: 0 }));
			const { closed, renewed } = flow.host(end);
			// A client whose application is there begins anew.
			expect(end === "client" ? renewed : closed).toMatchObject([
				{ reason: "reset-by-peer" },
			]);
		}
	});

	it("packet case 40: FIN ends nothing, and what came with it is delivered", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.give(end, flow.forge(end, { bits: FIN | ACK }));
			flow.give(
				end,
				flow.forge(end, { bits: FIN | ACK, payload: datagram(7, 7) }),
			);
			expect(delivered(flow, end)).toEqual([datagram(7, 7)]);
			expect(flow.host(end).closed).toEqual([]);
			expect(flow.carriesBothWays()).toBe(true);
		}
	});

	it("packet case 41: PSH on data is accepted", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.give(
				end,
				flow.forge(end, { bits: PSH | ACK, payload: datagram(30, 1) }),
			);
			expect(delivered(flow, end)).toEqual([datagram(30, 1)]);
		}
	});

	it("packet case 42: data without the ACK bit is accepted within a known flow, and counted", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.give(
				end,
				flow.forge(end, { bits: PSH, ack: 0, payload: datagram(30, 1) }),
			);
			expect(delivered(flow, end)).toEqual([datagram(30, 1)]);
			expect(flow.host(end).notices).toMatchObject([
				{ name: "odd-control-bits", value: PSH },
			]);
			expect(flow.carriesBothWays()).toBe(true);
		}
	});

	it("packet case 43: a bare ACK is a life sign in silence, one from behind is answered once", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.pair.nowMs += 5_000;
			expect(flow.give(end, flow.forge(end))).toEqual([]);
			expect(flow.flow(end).lastInboundMs).toBe(flow.pair.nowMs);
			const behind = flow.forge(end, {
				seq: (flow.flow(end).rcvNxt - 1) >>> 0,
			});
			expect(flow.give(end, behind).map(summarize)).toMatchObject([
				{ bits: ACK, payloadLength: 0 },
			]);
			expect(flow.give(end, behind)).toEqual([]);
			expect(delivered(flow, end)).toEqual([]);
		}
	});

	it("packet case 43: two of ours do not answer each other's ACKs for ever", () => {
		const flow = new OpenFlow();
		flow.pair.nowMs += 5_000;
		for (const end of ENDS) {
			const seq = (flow.flow(end).rcvNxt - 1) >>> 0;
			const bytes = flow.forge(end, { seq });
			flow.host(end).receive({ bytes, segmentSize: 0 }, flow.pair.nowMs);
		}
		flow.pair.capture.length = 0;
		flow.pair.settle();
		expect(flow.pair.capture.length).toBeLessThanOrEqual(4);
	});

	it("packet case 43: the one octet of a keepalive is no datagram, when the flow is idle", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			expect(flow.carriesBothWays()).toBe(true);
			flow.pair.nowMs += 1_500;
			const keepalive = flow.forge(end, {
				seq: (flow.flow(end).rcvNxt - 1) >>> 0,
				payload: Uint8Array.of(0),
			});
			const answers = flow.give(end, keepalive).map(summarize);
			expect(answers).toMatchObject([{ bits: ACK, payloadLength: 0 }]);
			expect(delivered(flow, end)).toEqual([]);
			const oneOctet = flow.forge(end, { payload: Uint8Array.of(9) });
			flow.give(end, oneOctet);
			expect(delivered(flow, end)).toEqual([Uint8Array.of(9)]);
		}
	});

	it("packet case 44: data out of order is delivered as it comes, and the acknowledgement never moves back", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			const start = flow.flow(end).rcvNxt;
			const order = [0, 3, 1, 2, 5, 4];
			for (const index of order) {
				const seq = start + index * 100;
				flow.give(end, flow.forge(end, { seq, payload: datagram(100, index) }));
			}
			expect(delivered(flow, end).map(([first]) => first)).toEqual(order);
			expect(flow.flow(end).rcvNxt).toBe(start + 600);
		}
	});

	it("packet case 45: an exact duplicate is delivered again, and counted", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			const bytes = flow.forge(end, { payload: datagram(50, 5) });
			const before = flow.host(end).counter("duplicateOrLateSegments");
			flow.give(end, bytes);
			flow.give(end, bytes);
			expect(delivered(flow, end)).toHaveLength(2);
			expect(flow.host(end).counter("duplicateOrLateSegments")).toBe(
				before + 1,
			);
		}
	});
});

describe("one-way traffic", () => {
	it("packet case 47: is acknowledged at least every 16 MiB", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			const payload = datagram(60_000, 1);
			let unacknowledged = 0;
			let largest = 0;
			for (let given = 0; given < 900; given++) {
				unacknowledged += payload.length;
				const answers = flow.give(end, flow.forge(end, { payload }));
				delivered(flow, end);
				largest = Math.max(largest, unacknowledged);
				if (answers.length > 0) unacknowledged = 0;
			}
			expect(largest).toBeLessThanOrEqual(16 * MIB + payload.length);
		}
	});

	it("packet case 48: is acknowledged within about a second of silence", () => {
		for (const end of ENDS) {
			const flow = new OpenFlow();
			flow.give(end, flow.forge(end, { payload: datagram(500, 1) }));
			const host = flow.host(end);
			const { rcvNxt } = flow.flow(end);
			const acks: number[] = [];
			for (let elapsedMs = 100; elapsedMs <= 1_500; elapsedMs += 100) {
				host.engine.expire(flow.pair.nowMs + elapsedMs);
				host.engine.flush();
				for (const sent of host.takeSent())
					if (summarize(sent).ack === rcvNxt >>> 0) acks.push(elapsedMs);
			}
			expect(acks[0]).toBeLessThanOrEqual(1_200);
		}
	});
});

describe("a NAT that forgets", () => {
	it("packet case 49: another port in the middle of a flow is followed at once", () => {
		const network = new SimulatedNetwork({
			seed: 4,
			profiles: { client: "default", server: "default" },
			family: 4,
		});
		network.sendFromClient("before");
		network.advance(500);
		expect([...network.arrivedAtClient]).toEqual(["before"]);
		network.link.portMask = 0x155;
		network.sendFromClient("lost with the old port");
		network.advance(100);
		network.sendFromClient("after");
		network.advance(100);
		expect(network.arrivedAtClient.has("after")).toBe(true);
	});
});

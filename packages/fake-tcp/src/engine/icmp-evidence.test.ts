import { describe, expect, it } from "vitest";
import type { Flow } from "../flow/flow.js";
import {
	datagram,
	icmpAbout,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

const TOO_BIG = { 4: [3, 4], 6: [2, 0] } as const;

interface Scene {
	readonly pair: WirePair;
	readonly flow: Flow;
	/** The last segment that the client sent. */
	readonly segment: WirePacket;
}

/** A client that has sent 1,400 octets which were acknowledged, and 1,400 that were not. */
function scene(family: 4 | 6): Scene {
	const patient = { idleTimeoutMs: 3_600_000 };
	const pair = new WirePair({ client: patient, server: patient });
	const flow = pair.client.open(pair.nowMs, family);
	pair.settle();
	pair.client.send(flow, [datagram(1_400, 1)], pair.nowMs);
	pair.settle();
	pair.client.send(flow, [datagram(1_400, 2)], pair.nowMs);
	pair.settle();
	const sent = pair.capture.filter(
		({ direction }) => direction === "to-server",
	);
	const segment = sent.at(-1)?.packet;
	if (segment === undefined) throw new Error("nothing was sent");
	return { pair, flow, segment };
}

function receive({ pair }: Scene, bytes: Uint8Array): void {
	pair.client.receive({ bytes, segmentSize: 0 }, pair.nowMs);
}

const noticesOf = ({ pair }: Scene): string[] =>
	pair.client.notices.map(({ name }) => name);

describe.each([4, 6] as const)("an ICMPv%i error", (family) => {
	const headers = family === 4 ? 40 : 60;
	const [type, code] = TOO_BIG[family];

	it("packet case 16: that a segment of ours is too big lowers the limit at once, refuses what does not fit, and the limit returns after ten minutes", () => {
		const at = scene(family);
		const { pair, flow } = at;
		receive(at, icmpAbout(at.segment.bytes, { type, code, rest: 1_300 }));
		expect(flow.maxPayloadBytes).toBe(1_300 - headers);
		expect(pair.client.evidenceCount).toBe(1);
		expect(pair.client.notices.at(-1)).toEqual({
			name: "path-mtu-lowered",
			slot: flow.slot,
			value: 1_300,
			other: 1_500,
		});
		const before = pair.capture.length;
		pair.client.send(
			flow,
			[datagram(1_300 - headers, 1), datagram(1_301 - headers, 2)],
			pair.nowMs,
		);
		pair.settle();
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 1 });
		// One datagram left; the peer like ours hears nothing of the limit.
		expect(pair.capture.length).toBe(before + 1);
		const [serverFlow] = pair.server.opened;
		expect(serverFlow?.maxPayloadBytes).toBe(1_500 - headers);
		pair.nowMs += 599_000;
		pair.advance(100);
		expect(flow.maxPayloadBytes).toBe(1_300 - headers);
		pair.nowMs += 1_000;
		pair.advance(100);
		expect(flow.maxPayloadBytes).toBe(1_500 - headers);
		expect(noticesOf(at)).toContain("path-mtu-restored");
	});

	it("about a train is judged by the size of our own segments", () => {
		const at = scene(family);
		const { pair, flow } = at;
		const train = Array.from({ length: 20 }, () => datagram(1_400, 3));
		pair.client.send(flow, train, pair.nowMs);
		const packet = pair.client.takeSent().at(-1);
		if (packet === undefined) throw new Error("no train");
		expect(packet.segmentSize).toBe(1_400);
		receive(at, icmpAbout(packet.bytes, { type, code, rest: 1_400 }));
		expect(flow.maxPayloadBytes).toBe(1_400 - headers);
		receive(at, icmpAbout(packet.bytes, { type, code, rest: 20_000 }));
		expect(pair.client.dropsByName()).toEqual({ "icmp-implausible": 1 });
	});

	it("packet case 16: is dropped when it names another flow, address or port", () => {
		const at = scene(family);
		const { bytes } = at.segment;
		const addresses = family === 4 ? 12 : 8;
		const tcp = family === 4 ? 20 : 40;
		for (const place of [addresses + 1, addresses + 8, tcp, tcp + 2, tcp + 3]) {
			const foreign = Uint8Array.from(bytes);
			foreign[place] = (foreign[place] ?? 0) ^ 0x11;
			receive(
				at,
				icmpAbout(foreign, { type, code, rest: 1_300, quoter: bytes }),
			);
		}
		expect(at.pair.client.dropsByName()).toEqual({ "icmp-unrelated": 5 });
		expect(at.pair.client.evidenceCount).toBe(0);
		expect(at.flow.maxPayloadBytes).toBe(1_500 - headers);
	});

	it("must quote a segment that is on its way, or was within the last 4 MiB", () => {
		const at = scene(family);
		const { flow } = at;
		const tcp = family === 4 ? 20 : 40;
		const oldest = flow.sndUna - 4 * 1024 * 1024;
		for (const [seq, isBelieved] of [
			[flow.sndNxt + 1, false],
			[flow.sndNxt + 2 ** 30, false],
			[oldest - 1, false],
			[oldest, true],
			[flow.sndNxt, true],
		] as const) {
			const before = at.pair.client.evidenceCount;
			const quoted = Uint8Array.from(at.segment.bytes);
			new DataView(quoted.buffer).setInt32(tcp + 4, seq);
			receive(at, icmpAbout(quoted, { type, code, rest: 1_300 }));
			expect(at.pair.client.evidenceCount - before).toBe(isBelieved ? 1 : 0);
		}
		expect(at.pair.client.dropsByName()).toEqual({ "icmp-implausible": 3 });
	});

	it("packet case 17: never takes the limit below the family's minimum", () => {
		const at = scene(family);
		for (const rest of [0, 1, 67, 68, 100, 575, 1_279])
			receive(at, icmpAbout(at.segment.bytes, { type, code, rest }));
		const floor = family === 4 ? 576 : 1_500;
		expect(at.flow.maxPayloadBytes).toBe(floor - headers);
	});

	it("with a wrong checksum is dropped, and so is one that quotes too little", () => {
		const at = scene(family);
		const icmp = icmpAbout(at.segment.bytes, { type, code, rest: 1_300 });
		const damaged = Uint8Array.from(icmp);
		const last = damaged.length - 1;
		damaged[last] = (damaged[last] ?? 0) ^ 1;
		receive(at, damaged);
		const tcp = family === 4 ? 20 : 40;
		for (let quotedBytes = 0; quotedBytes < tcp + 8; quotedBytes++)
			receive(
				at,
				icmpAbout(at.segment.bytes.subarray(0, quotedBytes), {
					type,
					code,
					rest: 1_300,
					quoter: at.segment.bytes,
				}),
			);
		expect(at.pair.client.dropsByName()).toEqual({
			"bad-icmp-checksum": 1,
			"icmp-unrelated": tcp + 8,
		});
		receive(
			at,
			icmpAbout(at.segment.bytes.subarray(0, tcp + 8), {
				type,
				code,
				rest: 1_300,
			}),
		);
		expect(at.pair.client.evidenceCount).toBe(1);
	});

	it("packet case 63: that is no matter of size changes nothing and is told", () => {
		const at = scene(family);
		const kinds =
			family === 4
				? ([
						[3, 1, "icmp-unreachable"],
						[3, 13, "icmp-prohibited"],
						[11, 0, "icmp-time-exceeded"],
						[12, 0, "icmp-other"],
					] as const)
				: ([
						[1, 0, "icmp-unreachable"],
						[1, 1, "icmp-prohibited"],
						[3, 0, "icmp-time-exceeded"],
						[4, 0, "icmp-other"],
					] as const);
		for (const [ofType, ofCode, name] of kinds) {
			receive(
				at,
				icmpAbout(at.segment.bytes, { type: ofType, code: ofCode, rest: 0 }),
			);
			expect(at.pair.client.notices.at(-1)).toMatchObject({
				name,
				value: ofType,
				other: ofCode,
			});
		}
		expect(at.pair.client.evidenceCount).toBe(4);
		expect(at.pair.client.closed).toEqual([]);
		expect(at.flow.maxPayloadBytes).toBe(1_500 - headers);
	});

	it("says which of its octets were at fault", () => {
		const at = scene(family);
		const tcp = family === 4 ? 20 : 40;
		const quoted = Uint8Array.from(at.segment.bytes);
		new DataView(quoted.buffer).setInt32(tcp + 4, at.flow.sndNxt + 1);
		receive(at, icmpAbout(quoted, { type, code, rest: 1_300 }));
		expect(at.pair.client.discarded.at(-1)).toMatchObject({
			reason: "icmp-implausible",
			slot: at.flow.slot,
			faultStart: tcp + 8 + tcp + 4,
			fault: quoted.slice(tcp + 4, tcp + 8),
		});
	});
});

describe("what a limit of the path outlives", () => {
	it("is a renewal: the same path is no wider from another port", () => {
		const at = scene(4);
		receive(at, icmpAbout(at.segment.bytes, { type: 3, code: 4, rest: 1_300 }));
		const { engine } = at.pair.server;
		for (const flow of [...engine.flows])
			engine.close(flow, "moved", at.pair.nowMs);
		engine.flush();
		at.pair.settle();
		expect(at.pair.client.renewed).toHaveLength(1);
		expect(at.flow.maxPayloadBytes).toBe(1_260);
	});
});

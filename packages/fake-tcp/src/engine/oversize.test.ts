import { describe, expect, it } from "vitest";
import {
	areSameOctets,
	datagram,
	fragmentableAt,
	isFragment,
	type WirePacket,
	WirePair,
} from "../testing/index.js";

const families = [4, 6] as const;
const LARGEST = { 4: 65_495, 6: 65_507 } as const;
const FRAGMENT = { oversize: "fragment" } as const;

function pattern(length: number, seed = 0): Uint8Array {
	return Uint8Array.from(
		{ length },
		(_, at) => (at * 31 + (at >>> 8) * 7 + seed) & 0xff,
	);
}

interface FragmentSummary {
	readonly identification: number;
	readonly start: number;
	readonly hasMore: boolean;
	readonly isDontFragment: boolean;
	readonly length: number;
}

function describeFragment({ bytes }: WirePacket): FragmentSummary {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint8(0) >>> 4 === 4) {
		const place = view.getUint16(6);
		expect(view.getUint16(2)).toBe(bytes.length);
		return {
			identification: view.getUint16(4),
			start: (place & 0x1fff) * 8,
			hasMore: (place & 0x2000) !== 0,
			isDontFragment: (place & 0x4000) !== 0,
			length: bytes.length,
		};
	}
	const place = view.getUint16(42);
	expect(view.getUint16(4)).toBe(bytes.length - 40);
	expect(view.getUint8(6)).toBe(44);
	expect(view.getUint16(40)).toBe(6 << 8);
	return {
		identification: view.getUint32(44),
		start: place & 0xfff8,
		hasMore: (place & 1) !== 0,
		isDontFragment: false,
		length: bytes.length,
	};
}

/** Two of ours with an open flow that know each other's link MTU. */
function opened(family: 4 | 6, linkMtuBytes = 1_500) {
	const pair = new WirePair({
		client: FRAGMENT,
		server: { ...FRAGMENT, linkMtuBytes },
	});
	const flow = pair.client.open(pair.nowMs, family);
	pair.settle();
	const answer = pair.server.opened[0];
	if (answer === undefined) throw new Error("no flow");
	pair.capture.length = 0;
	return { pair, flow, answer };
}

describe.each(families)("--oversize fragment over IPv%i", (family) => {
	const largest = LARGEST[family];

	it("carries every size up to the largest datagram there is, whole and once, both ways", () => {
		const { pair, flow, answer } = opened(family);
		const limit = flow.maxPayloadBytes;
		const sizes = [
			1,
			limit,
			limit + 1,
			limit + 8,
			2_904,
			9_000,
			32_768,
			65_000,
		];
		for (const size of [...sizes, largest - 1, largest]) {
			const up = pattern(size, 1);
			const down = pattern(size, 2);
			pair.client.send(flow, [up], pair.nowMs);
			pair.server.send(answer, [down], pair.nowMs);
			pair.settle();
			expect(areSameOctets(pair.server.takeDelivered(), [up])).toBe(true);
			expect(areSameOctets(pair.client.takeDelivered(), [down])).toBe(true);
		}
		expect(pair.server.dropsByName()).toEqual({});
		expect(pair.client.dropsByName()).toEqual({});
		expect(pair.client.counter("segmentsSent")).toBe(sizes.length + 2);
	});

	it("refuses one octet more, and counts it", () => {
		const { pair, flow } = opened(family);
		pair.client.send(flow, [datagram(largest + 1, 1)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([]);
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 1 });
	});

	it("makes fragments of the path's size with DF clear, one identification, and nothing missing", () => {
		const { pair, flow } = opened(family, 1_400);
		pair.client.send(flow, [pattern(5_000)], pair.nowMs);
		const fragments = pair.client.takeSent().map(describeFragment);
		const headers = family === 4 ? 20 : 48;
		const step = Math.floor((1_400 - headers) / 8) * 8;
		expect(fragments).toHaveLength(Math.ceil(5_020 / step));
		for (const [index, fragment] of fragments.entries()) {
			const isLast = index === fragments.length - 1;
			expect(fragment).toEqual({
				identification: fragments[0]?.identification,
				start: index * step,
				hasMore: !isLast,
				isDontFragment: false,
				length: headers + (isLast ? 5_020 - index * step : step),
			});
		}
		expect(pair.client.counter("fragmentsSent")).toBe(fragments.length);
	});

	it("takes identifications for all flows to a peer from one counter, and none from the flows' own", () => {
		const { pair, flow } = opened(family);
		const other = pair.client.open(pair.nowMs, family);
		pair.settle();
		const next = flow.nextIdentification;
		const seen: number[] = [];
		for (const one of [flow, other, flow, other]) {
			pair.client.send(one, [pattern(2_000)], pair.nowMs);
			const [first] = pair.client.takeSent() as [WirePacket];
			seen.push(describeFragment(first).identification);
		}
		const mask = family === 4 ? 0xffff : 0xffff_ffff;
		for (const [index, one] of seen.entries())
			expect(one).toBe((((seen[0] ?? 0) + index) & mask) >>> 0);
		expect(flow.nextIdentification).toBe(next);
	});

	it("refuses towards a peer that is not known to be ours, and when it is switched off", () => {
		for (const [client, server] of [
			[FRAGMENT, { profile: "stock-exact" }],
			[{ ...FRAGMENT, profile: "stock-exact" }, {}],
			[{ oversize: "drop" }, FRAGMENT],
		] as const) {
			const pair = new WirePair({ client, server });
			const flow = pair.client.open(pair.nowMs, family);
			pair.client.send(flow, [datagram(2_000, 1), datagram(7, 7)], pair.nowMs);
			pair.settle();
			pair.client.send(flow, [datagram(2_000, 2)], pair.nowMs);
			pair.settle();
			pair.advance(400);
			expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 2 });
			expect(pair.server.takeDelivered()).toEqual([datagram(7, 7)]);
			expect(pair.capture.some(({ packet }) => isFragment(packet.bytes))).toBe(
				false,
			);
		}
	});

	it("keeps what comes during the handshake, in order, until it knows who the peer is", () => {
		const pair = new WirePair({ client: FRAGMENT });
		const flow = pair.client.open(pair.nowMs, family);
		const datagrams = [datagram(10, 1), pattern(3_000), datagram(20, 2)];
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(areSameOctets(pair.server.takeDelivered(), datagrams)).toBe(true);
		expect(pair.client.dropsByName()).toEqual({});
	});

	it("waits at most some seconds for a peer that never says its link MTU, and then goes on", () => {
		const pair = new WirePair({ client: FRAGMENT });
		// Bare ACKs whose window is not plain are control segments.
		pair.wire = (packet, direction) => {
			const tcp = fragmentableAt(packet.bytes);
			const isPlain = packet.bytes[tcp + 14] === 0xff;
			return direction === "to-client" && !isPlain ? [] : [packet];
		};
		const flow = pair.client.open(pair.nowMs, family);
		pair.settle();
		pair.client.send(flow, [pattern(3_000), datagram(9, 9)], pair.nowMs);
		pair.settle();
		expect(pair.server.takeDelivered()).toEqual([]);
		pair.advance(3_500);
		expect(pair.server.takeDelivered()).toEqual([datagram(9, 9)]);
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 1 });
	});

	it("sends nothing in more than 64 fragments", () => {
		const { pair, flow } = opened(family, family === 4 ? 576 : 1_280);
		const limit =
			family === 4 ? 64 * 552 - 20 : Math.min(largest, 64 * 1_232 - 20);
		pair.client.send(flow, [pattern(limit)], pair.nowMs);
		pair.settle();
		expect(areSameOctets(pair.server.takeDelivered(), [pattern(limit)])).toBe(
			true,
		);
		expect(pair.server.dropsByName()).toEqual({});
		pair.client.send(flow, [pattern(limit + 1)], pair.nowMs);
		pair.settle();
		expect(pair.client.dropsByName()).toEqual({ "oversize-datagram": 1 });
	});

	it("sends more in one batch than the header region holds, and mixes it with trains", () => {
		const { pair, flow } = opened(family);
		const datagrams = Array.from({ length: 20 }, (_, index) =>
			index % 4 === 3 ? pattern(40_000, index) : datagram(700, index),
		);
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(areSameOctets(pair.server.takeDelivered(), datagrams)).toBe(true);
	});

	it("is nothing to tell of, but fragments smaller than the known path are", () => {
		const { pair, flow } = opened(family);
		const told = () =>
			pair.server.notices.filter(
				({ name }) => name === "fragments-reassembled",
			);
		pair.client.send(flow, [pattern(9_000)], pair.nowMs);
		pair.settle();
		expect(told()).toEqual([]);
		// As if the client had heard of a smaller link on its way, and the server had not.
		flow.maxPayloadBytes -= 100;
		pair.client.send(flow, [pattern(9_000)], pair.nowMs);
		pair.settle();
		expect(told()).toMatchObject([{ slot: 0, other: 7 }]);
	});

	it("loses a datagram with any of its fragments, and nothing else", () => {
		const { pair, flow } = opened(family);
		let count = 0;
		pair.wire = (packet) => (++count === 3 ? [] : [packet]);
		const datagrams = [pattern(9_000, 1), pattern(9_000, 2), datagram(5, 5)];
		pair.client.send(flow, datagrams, pair.nowMs);
		pair.settle();
		expect(areSameOctets(pair.server.takeDelivered(), datagrams.slice(1))).toBe(
			true,
		);
		pair.advance(5_200);
		expect(pair.server.dropsByName()).toEqual({ "fragment-timeout": 6 });
		expect(pair.server.engine.heldFragmentBytes).toBe(0);
	});
});

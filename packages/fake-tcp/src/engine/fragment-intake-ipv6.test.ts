import { describe, expect, it } from "vitest";
import { fatesOf } from "../testing/engine-invariants.js";
import { areSameOctets, cutFragments, fragmentOf } from "../testing/index.js";
import { type OpenEnds, openEnds, pattern } from "../testing/open-ends.js";

function expectSilence({ pair, server }: OpenEnds): void {
	expect(server.takeSent()).toEqual([]);
	expect(server.counter("resetsSent")).toBe(0);
	expect(fatesOf(server)).toBe(server.counter("packetsReceived"));
	expect(pair.client.closed).toEqual([]);
	expect(server.closed).toEqual([]);
}

describe("IPv6 and its Fragment header", () => {
	it("packet case 14: an atomic fragment is processed alone, beside a datagram of the same identification", () => {
		const all = openEnds(6);
		const pending = cutFragments(all.segmentOf(pattern(3_000)), {
			mtuBytes: 1_400,
			identification: 0x1234_5678,
		});
		const [first, ...rest] = pending as [Uint8Array, ...Uint8Array[]];
		const plain = all.segmentOf(pattern(50, 9));
		const atomic = fragmentOf(plain, {
			identification: 0x1234_5678,
			start: 0,
			payload: plain.subarray(40),
			hasMore: false,
		});
		all.give(first, atomic);
		expect(areSameOctets(all.server.takeDelivered(), [pattern(50, 9)])).toBe(
			true,
		);
		expect(all.server.engine.heldFragments).toBe(1);
		all.give(...rest);
		expect(areSameOctets(all.server.takeDelivered(), [pattern(3_000)])).toBe(
			true,
		);
		expect(all.server.dropsByName()).toEqual({});
	});

	it("packet case 14: other extension headers are passed over, also in front of fragments", () => {
		const all = openEnds(6);
		const payload = pattern(3_000);
		const pieces = cutFragments(all.segmentOf(payload), {
			mtuBytes: 1_400,
			identification: 1,
		}).map((plain) => {
			const bytes = new Uint8Array(plain.length + 8);
			bytes.set(plain.subarray(0, 40));
			bytes.set([44, 0, 1, 4, 0, 0, 0, 0], 40);
			bytes.set(plain.subarray(40), 48);
			bytes[6] = 60;
			new DataView(bytes.buffer).setUint16(4, bytes.length - 40);
			return bytes;
		});
		all.give(...pieces);
		expect(areSameOctets(all.server.takeDelivered(), [payload])).toBe(true);
	});

	it("discards a fragmented packet that is a fragment of another", () => {
		const all = openEnds(6);
		const packet = all.segmentOf(pattern(200));
		const inner = Uint8Array.of(
			44,
			0,
			1,
			4,
			0,
			0,
			0,
			0,
			6,
			0,
			0,
			1,
			0,
			0,
			0,
			9,
		);
		const outer = new Uint8Array(40 + 16 + 40);
		outer.set(packet.subarray(0, 40));
		outer.set(inner, 40);
		outer[6] = 60;
		all.give(...cutFragments(outer, { mtuBytes: 80, identification: 1 }));
		expect(all.server.dropsByName()).toEqual({ "fragment-malformed": 1 });
		expect(all.server.counter("packetsReassembled")).toBe(1);
		expectSilence(all);
	});
});

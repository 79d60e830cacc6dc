import { describe, expect, it } from "vitest";
import { fatesOf } from "../testing/engine-invariants.js";
import {
	areSameOctets,
	cutFragments,
	datagram,
	type FragmentPart,
	fragmentableAt,
	fragmentOf,
	type WirePacket,
} from "../testing/index.js";
import { type OpenEnds, openEnds, pattern } from "../testing/open-ends.js";

const families = [4, 6] as const;
const VERDICT_GOOD = 0;

function expectSilence({ pair, server }: OpenEnds): void {
	expect(server.takeSent()).toEqual([]);
	expect(server.counter("resetsSent")).toBe(0);
	expect(fatesOf(server)).toBe(server.counter("packetsReceived"));
	expect(pair.client.closed).toEqual([]);
	expect(server.closed).toEqual([]);
}

describe.each(families)("fragments at the engine, IPv%i", (family) => {
	const headers = family === 4 ? 20 : 40;

	it("packet cases 1 and 2: a tail of 8 octets, and one of 20 and more, is put together", () => {
		const all = openEnds(family);
		const room = 1_400 - headers - (family === 4 ? 0 : 8);
		const step = Math.floor(room / 8) * 8;
		for (const tail of [1, 7, 8, 20, 28, 100]) {
			const payload = pattern(step + tail - 20, tail);
			const pieces = cutFragments(all.segmentOf(payload), {
				mtuBytes: 1_400,
				identification: tail,
			});
			expect(pieces).toHaveLength(2);
			all.give(...pieces);
			expect(areSameOctets(all.server.takeDelivered(), [payload])).toBe(true);
		}
		expect(all.server.dropsByName()).toEqual({});
		expect(all.server.counter("packetsReassembled")).toBe(6);
		expectSilence(all);
	});

	it("packet case 2: a lone tail is never answered, whatever its octets look like", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(100));
		// Octets that would be a SYN to the open port, if they were a header.
		const looksLikeTcp = packet.slice(fragmentableAt(packet));
		const part = { identification: 5, start: 1_480, hasMore: false };
		all.give(fragmentOf(packet, { ...part, payload: looksLikeTcp }));
		expect(all.server.engine.heldFragments).toBe(1);
		expect(all.server.counter("packetsHeld")).toBe(1);
		all.pair.advance(5_200);
		expect(all.server.counter("packetsHeld")).toBe(0);
		expect(all.server.dropsByName()).toEqual({ "fragment-timeout": 1 });
		expectSilence(all);
	});

	it("packet case 3: a first fragment alone is held, expires after 5 s and is counted", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(1_000));
		const [first] = cutFragments(packet, { mtuBytes: 576, identification: 1 });
		all.give(first as Uint8Array);
		expect(all.server.takeDelivered()).toEqual([]);
		all.pair.advance(4_900);
		expect(all.server.engine.heldFragments).toBe(1);
		expect(all.server.engine.heldFragmentBytes).toBeGreaterThan(0);
		all.pair.advance(200);
		expect(all.server.engine.heldFragments).toBe(0);
		expect(all.server.engine.heldFragmentBytes).toBe(0);
		expect(all.server.dropsByName()).toEqual({ "fragment-timeout": 1 });
		expectSilence(all);
	});

	it("packet case 4: out of order and twice is delivered once; an overlap discards all of it", () => {
		const all = openEnds(family);
		const payload = pattern(4_000);
		const packet = all.segmentOf(payload);
		const pieces = cutFragments(packet, { mtuBytes: 1_300, identification: 3 });
		const [first, second, third, ...rest] = pieces as [
			Uint8Array,
			Uint8Array,
			Uint8Array,
			...Uint8Array[],
		];
		all.give(third, first, first, ...rest, third, second);
		expect(areSameOctets(all.server.takeDelivered(), [payload])).toBe(true);
		expect(all.server.dropsByName()).toEqual({ "fragment-duplicate": 2 });
		const forged: FragmentPart = {
			identification: 3,
			start: 24,
			payload: datagram(64, 0xbad),
			hasMore: true,
		};
		all.give(first, fragmentOf(packet, forged), second, third, ...rest);
		expect(all.server.takeDelivered()).toEqual([]);
		expect(all.server.dropsByName()).toEqual({
			"fragment-duplicate": 2,
			"fragment-overlap": pieces.length + 1,
		});
		expect(all.server.engine.heldFragmentBytes).toBe(0);
		expectSilence(all);
	});

	it("packet case 4: past 64 KiB is refused by 32-bit arithmetic; thousands of identifications stay in bounds", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(1_400));
		const of = (part: Partial<FragmentPart>) =>
			fragmentOf(packet, {
				identification: 1,
				start: 65_528,
				payload: pattern(1_400),
				hasMore: false,
				...part,
			});
		all.give(of({ start: 0, hasMore: true }), of({}));
		expect(all.server.dropsByName()).toEqual({ "fragment-too-long": 1 });
		for (let id = 2; id < 10_002; id++) {
			all.give(of({ identification: id, start: 24, hasMore: true }));
			// The host's limits: 512 KiB, a quarter for one source.
			expect(all.server.engine.heldFragmentBytes).toBeLessThanOrEqual(131_072);
		}
		expect(fatesOf(all.server)).toBe(all.server.counter("packetsReceived"));
		all.pair.advance(5_200);
		expect(all.server.engine.heldFragmentBytes).toBe(0);
		const { "fragment-evicted": evicted = 0, "fragment-timeout": late = 0 } =
			all.server.dropsByName();
		expect(evicted + late).toBe(10_001);
		expectSilence(all);
	});

	it("packet case 5: what is larger than 1,500 octets is delivered, up to the largest packet", () => {
		const all = openEnds(family);
		for (const size of [1_461, 9_000, family === 4 ? 65_495 : 65_475]) {
			const payload = pattern(size);
			const packet = all.segmentOf(payload);
			all.give(
				...cutFragments(packet, {
					mtuBytes: 1_500,
					identification: size & 0xff,
				}),
			);
			expect(areSameOctets(all.server.takeDelivered(), [payload])).toBe(true);
		}
		expect(all.server.dropsByName()).toEqual({});
	});

	it("tells how large the fragments were and how many, and of which flow", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(3_000));
		const pieces = cutFragments(packet, { mtuBytes: 1_400, identification: 1 });
		all.give(...pieces);
		const notices = all.server.notices.filter(
			({ name }) => name === "fragments-reassembled",
		);
		expect(notices).toEqual([
			{
				name: "fragments-reassembled",
				slot: all.server.opened[0]?.slot,
				value: pieces[0]?.length,
				other: 3,
			},
		]);
	});

	it("believes no verdict of the device about a fragment, and sums what it put together", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(3_000));
		const damaged = Uint8Array.from(packet);
		damaged[2_000] = (damaged[2_000] ?? 0) ^ 1;
		for (const bytes of cutFragments(damaged, {
			mtuBytes: 1_400,
			identification: 1,
		}))
			all.server.receive(
				{ bytes, segmentSize: 0 },
				all.pair.nowMs,
				VERDICT_GOOD,
			);
		expect(all.server.takeDelivered()).toEqual([]);
		expect(all.server.dropsByName()).toEqual({ "bad-tcp-checksum": 1 });
		expect(all.server.counter("packetsReassembled")).toBe(2);
		expectSilence(all);
	});

	it("keeps only what is for our own address", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(3_000));
		const lastOfDestination = family === 4 ? 19 : 39;
		packet[lastOfDestination] = (packet[lastOfDestination] ?? 0) ^ 1;
		all.give(...cutFragments(packet, { mtuBytes: 1_400, identification: 1 }));
		expect(all.server.dropsByName()).toEqual({ "wrong-destination": 3 });
		expect(all.server.discarded[0]?.fault.length).toBe(family === 4 ? 4 : 16);
		expect(all.server.engine.heldFragmentBytes).toBe(0);
	});

	it("points at the place field of a fragment that it discards", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(100));
		const part = { identification: 1, start: 24, hasMore: true };
		all.give(fragmentOf(packet, { ...part, payload: pattern(9) }));
		expect(all.server.discarded).toEqual([
			{
				reason: "fragment-malformed",
				slot: null,
				faultStart: family === 4 ? 6 : 42,
				fault: family === 4 ? Uint8Array.of(0x20, 3) : Uint8Array.of(0, 0x19),
			},
		]);
	});

	it("takes super-segments, fragments and segments in one batch, in order of their completion", () => {
		const all = openEnds(family);
		const { pair, flow } = all;
		pair.client.send(flow, [datagram(500, 1), datagram(500, 2)], pair.nowMs);
		const train = pair.client.takeSent();
		const cut = cutFragments(all.segmentOf(pattern(3_000)), {
			mtuBytes: 1_400,
			identification: 1,
		});
		const plain = { bytes: all.segmentOf(datagram(7, 7)), segmentSize: 0 };
		const [first, ...rest] = cut.map((bytes) => ({ bytes, segmentSize: 0 }));
		all.server.receiveBatch(
			[first as WirePacket, ...train, ...rest, plain],
			pair.nowMs,
		);
		expect(
			areSameOctets(all.server.takeDelivered(), [
				datagram(500, 1),
				datagram(500, 2),
				pattern(3_000),
				datagram(7, 7),
			]),
		).toBe(true);
		expectSilence(all);
	});

	it("lets the device's side take what was delivered before it overwrites it", () => {
		const all = openEnds(family);
		const packets = Array.from({ length: 3 }, (_, index) =>
			cutFragments(all.segmentOf(pattern(60_000, index)), {
				mtuBytes: 1_500,
				identification: index,
			}),
		);
		all.give(...packets.flat());
		expect(all.server.releases).toBe(0);
		const more = Array.from({ length: 4 }, (_, index) =>
			cutFragments(all.segmentOf(pattern(50_000, index)), {
				mtuBytes: 1_500,
				identification: index,
			}),
		);
		all.give(...more.flat());
		expect(all.server.releases).toBe(0);
		expect(all.server.takeDelivered()).toHaveLength(7);
	});

	it("a stray that came in fragments is dropped without an answer, although whole it gets a reset", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(3_000));
		const stranger = Uint8Array.from(packet);
		const port = fragmentableAt(stranger);
		stranger[port] = (stranger[port] ?? 0) ^ 1;
		const tcp = stranger.subarray(port);
		// The port changed in its high octet, so the checksum does too.
		tcp[16] = (tcp[16] ?? 0) ^ 0;
		const view = new DataView(tcp.buffer, tcp.byteOffset);
		const changed =
			(packet[port] ?? 0) < (stranger[port] ?? 0) ? -0x100 : 0x100;
		let sum = view.getUint16(16) + changed;
		if (sum < 0) sum += 0xffff;
		if (sum > 0xffff) sum -= 0xffff;
		view.setUint16(16, sum);
		const pieces = cutFragments(stranger, {
			mtuBytes: 1_400,
			identification: 1,
		});
		for (const piece of pieces.slice(0, -1)) all.give(piece);
		expect(all.server.takeSent()).toEqual([]);
		all.give(pieces.at(-1) as Uint8Array);
		expect(all.server.dropsByName()).toEqual({ "unknown-flow": 1 });
		expect(all.server.takeSent()).toEqual([]);
		all.give(stranger);
		expect(all.server.takeSent()).toHaveLength(1);
	});

	it("counts what it still holds when the tunnel stops", () => {
		const all = openEnds(family);
		const packet = all.segmentOf(pattern(3_000));
		const pieces = cutFragments(packet, { mtuBytes: 1_400, identification: 1 });
		all.give(...pieces.slice(1));
		all.server.engine.stop(all.pair.nowMs);
		expect(all.server.dropsByName()).toEqual({ "fragment-timeout": 2 });
		expect(all.server.engine.heldFragmentBytes).toBe(0);
		expect(fatesOf(all.server)).toBe(all.server.counter("packetsReceived"));
	});
});

import { describe, expect, it } from "vitest";
import {
	cutFragments,
	datagram,
	type FragmentPart,
	fragmentableAt,
	fragmentOf,
} from "../testing/index.js";
import {
	part,
	ReassemblerBench,
	wholePacket,
} from "../testing/reassembler-bench.js";
import { DROP } from "../wire/drop-reason.js";
import { HELD, WHOLE } from "./reassembler.js";

const families = [4, 6] as const;

describe.each(families)("a reassembler, IPv%i", (family) => {
	const packet = wholePacket(family, 3_000);
	const fragmentable = packet.subarray(fragmentableAt(packet));

	it.each([576, 1_280, 1_300, 1_400, 1_492])(
		"puts together what a link of %i cut, in any order",
		(mtuBytes) => {
			const bench = new ReassemblerBench();
			const pieces = cutFragments(packet, { mtuBytes, identification: 9 });
			for (const order of [pieces, [...pieces].reverse()]) {
				const outcomes = order.map((piece) => bench.take(piece));
				expect(outcomes.slice(0, -1).every((one) => one === HELD)).toBe(true);
				expect(outcomes.at(-1)).toBe(WHOLE);
				const whole = bench.whole();
				expect(whole.subarray(fragmentableAt(whole))).toEqual(fragmentable);
				expect(
					bench.view.bind(bench.reassembler.whole.offset, whole.length),
				).toBe(-1);
				expect(bench.reassembler.whole.pieces).toBe(pieces.length);
				expect(bench.reassembler.whole.largestPacketLength).toBe(
					pieces[0]?.length,
				);
				expect(bench.reassembler.heldBytes).toBe(0);
				expect(bench.reassembler.heldPieces).toBe(0);
			}
			expect(bench.lost).toEqual({});
		},
	);

	const table: [string, FragmentPart[], (number | keyof typeof DROP)[]][] = [
		["first then last", [part(0, 24, true), part(24, 8, false)], [HELD, WHOLE]],
		["last then first", [part(24, 8, false), part(0, 24, true)], [HELD, WHOLE]],
		[
			"a tail of one octet",
			[part(0, 24, true), part(24, 1, false)],
			[HELD, WHOLE],
		],
		["nothing in it", [part(24, 0, false)], ["fragment-malformed"]],
		[
			"nothing in it, more to come",
			[part(24, 0, true)],
			["fragment-malformed"],
		],
		[
			"31 octets and more to come",
			[part(24, 31, true)],
			["fragment-malformed"],
		],
		["a first one of 16 octets", [part(0, 16, true)], ["fragment-malformed"]],
		[
			"a second one within the TCP header",
			[part(8, 64, true)],
			["fragment-malformed"],
		],
		[
			"one within the TCP header, at 16",
			[part(16, 8, false)],
			["fragment-malformed"],
		],
		[
			"the same once more",
			[part(0, 24, true), part(0, 24, true), part(24, 8, false)],
			[HELD, "fragment-duplicate", WHOLE],
		],
		[
			"the same last once more",
			[part(24, 8, false), part(24, 8, false), part(0, 24, true)],
			[HELD, "fragment-duplicate", WHOLE],
		],
		[
			"the same place with other octets",
			[part(0, 24, true), part(0, 24, true, 2), part(24, 8, false)],
			[HELD, "fragment-overlap", "fragment-overlap"],
		],
		[
			"the same place, no more to come",
			[part(24, 8, true), part(24, 8, false)],
			[HELD, "fragment-overlap"],
		],
		[
			"overlap on the left side",
			[part(32, 32, true), part(24, 16, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"overlap on the right side",
			[part(32, 32, true), part(56, 16, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"overlap by one octet of a tail",
			[part(32, 33, false), part(64, 8, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"one inside another",
			[part(32, 64, true), part(40, 8, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"one around another",
			[part(40, 8, true), part(32, 64, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"one around the first",
			[part(0, 24, true), part(0, 48, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"all pieces behind an overlap",
			[
				part(32, 32, true),
				part(24, 16, true),
				part(0, 24, true),
				part(64, 8, false),
			],
			[HELD, "fragment-overlap", "fragment-overlap", "fragment-overlap"],
		],
		[
			"a last one before what is there",
			[part(64, 8, true), part(24, 8, false)],
			[HELD, "fragment-overlap"],
		],
		[
			"something behind the last one",
			[part(24, 8, false), part(32, 8, true)],
			[HELD, "fragment-overlap"],
		],
		[
			"two last ones, the second longer",
			[part(24, 8, false), part(24, 16, false)],
			[HELD, "fragment-overlap"],
		],
		[
			"two last ones, the second shorter",
			[part(24, 16, false), part(24, 8, false)],
			[HELD, "fragment-overlap"],
		],
		[
			"two last ones, apart",
			[part(24, 8, false), part(64, 8, false)],
			[HELD, "fragment-overlap"],
		],
		[
			"past 65,535 by one octet",
			[part(65_528, 8, false)],
			["fragment-too-long"],
		],
		["far past 65,535", [part(65_528, 1_400, true)], ["fragment-too-long"]],
	];
	it.each(table)("%s", (_name, parts, expected) => {
		const bench = new ReassemblerBench();
		const outcomes = parts.map((one) => bench.take(fragmentOf(packet, one)));
		expect(outcomes).toEqual(
			expected.map((one) => (typeof one === "number" ? one : DROP[one])),
		);
	});

	it("discards only the fragment that is too long, and delivers the datagram", () => {
		const bench = new ReassemblerBench();
		expect(bench.take(fragmentOf(packet, part(0, 24, true)))).toBe(HELD);
		expect(bench.take(fragmentOf(packet, part(65_528, 800, false)))).toBe(
			DROP["fragment-too-long"],
		);
		expect(bench.take(fragmentOf(packet, part(24, 8, false)))).toBe(WHOLE);
		expect(bench.whole().length).toBe(fragmentableAt(packet) + 32);
	});

	it("takes the largest datagram there is, and no more than 64 pieces", () => {
		const bench = new ReassemblerBench();
		const largest = wholePacket(family, 65_535 - (family === 4 ? 40 : 20));
		const pieces = cutFragments(largest, {
			mtuBytes: 1_500,
			identification: 1,
		});
		expect(pieces.map((piece) => bench.take(piece)).at(-1)).toBe(WHOLE);
		expect(bench.whole().length).toBe(largest.length);
		const head = Array.from({ length: 64 }, (_, index) =>
			part(24 + index * 8, 8, true),
		);
		for (const one of head)
			expect(bench.take(fragmentOf(packet, one))).toBe(HELD);
		const tooMany = fragmentOf(packet, part(0, 24, true));
		expect(bench.take(tooMany)).toBe(DROP["fragment-too-many"]);
		expect(bench.lost).toEqual({ "fragment-too-many": 64 });
		expect(bench.reassembler.heldBytes).toBe(0);
	});
});

describe("headers of what was put together", () => {
	it("keeps IPv4 options of the first fragment and the DF bit, whatever the others have", () => {
		const bench = new ReassemblerBench();
		const packet = wholePacket(4, 100);
		const withOptions = new Uint8Array(packet.length + 8);
		withOptions.set(packet.subarray(0, 20));
		withOptions.fill(1, 20, 28);
		withOptions[0] = 0x47;
		const first = fragmentOf(withOptions, part(0, 24, true));
		first[6] = (first[6] ?? 0) | 0x40;
		new DataView(first.buffer).setUint16(10, 0);
		let sum = 0;
		for (let at = 0; at < 28; at += 2)
			sum += ((first[at] ?? 0) << 8) | (first[at + 1] ?? 0);
		while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
		new DataView(first.buffer).setUint16(10, ~sum & 0xffff);
		expect(bench.take(fragmentOf(packet, part(24, 8, false)))).toBe(HELD);
		expect(bench.take(first)).toBe(WHOLE);
		const whole = bench.whole();
		expect(whole.length).toBe(28 + 32);
		expect(whole.subarray(20, 28)).toEqual(datagram(8, 1));
		expect([whole[6], whole[7]]).toEqual([0x40, 0]);
		expect(new DataView(whole.buffer).getUint16(2)).toBe(60);
	});

	it("discards a datagram that only its options make too long", () => {
		const bench = new ReassemblerBench();
		const packet = wholePacket(4, 0);
		const withOptions = new Uint8Array(60).fill(1);
		withOptions.set(packet.subarray(0, 20));
		withOptions[0] = 0x4f;
		for (let start = 8_000; start < 64_000; start += 8_000)
			expect(bench.take(fragmentOf(packet, part(start, 8_000, true)))).toBe(
				HELD,
			);
		expect(bench.take(fragmentOf(packet, part(64_000, 1_515, false)))).toBe(
			HELD,
		);
		expect(bench.take(fragmentOf(withOptions, part(0, 8_000, true)))).toBe(
			DROP["fragment-too-long"],
		);
		expect(bench.lost).toEqual({ "fragment-too-long": 8 });
		expect(bench.reassembler.heldPieces).toBe(0);
		expect(bench.reassembler.heldBytes).toBe(0);
	});

	it("takes IPv6 headers before the Fragment header from the first, and mends the one that names it", () => {
		const bench = new ReassemblerBench();
		const packet = wholePacket(6, 0);
		const withChain = (one: FragmentPart) => {
			const plain = fragmentOf(packet, one);
			const bytes = new Uint8Array(plain.length + 16);
			bytes.set(plain.subarray(0, 40));
			bytes.set([44, 1, 1, 12], 40);
			bytes.set(plain.subarray(40), 56);
			bytes[6] = 60;
			new DataView(bytes.buffer).setUint16(4, bytes.length - 40);
			return bytes;
		};
		expect(bench.take(fragmentOf(packet, part(24, 8, false)))).toBe(HELD);
		expect(bench.take(withChain(part(0, 24, true, 0x50)))).toBe(WHOLE);
		const whole = bench.whole();
		expect(whole.length).toBe(56 + 32);
		expect(whole[6]).toBe(60);
		expect(whole[40]).toBe(6);
		expect(bench.view.bind(bench.reassembler.whole.offset, whole.length)).toBe(
			-1,
		);
	});

	it("keys on all 32 bits of IPv6's identification", () => {
		const bench = new ReassemblerBench();
		const packet = wholePacket(6, 0);
		const of = (identification: number, one: FragmentPart) =>
			fragmentOf(packet, { ...one, identification });
		expect(bench.take(of(0x8001_0007, part(0, 24, true)))).toBe(HELD);
		expect(bench.take(of(0x0000_0007, part(24, 8, false)))).toBe(HELD);
		expect(bench.take(of(0x8001_0007, part(24, 8, false)))).toBe(WHOLE);
	});
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	cutFragments,
	datagram,
	EngineHost,
	type FragmentPart,
	fragmentableAt,
	fragmentOf,
	SlowReassembler,
	type WirePacket,
} from "../testing/index.js";
import { DROP, dropReasonName } from "../wire/drop-reason.js";
import { FRAGMENT, SegmentView } from "../wire/segment-view.js";
import { HELD, Reassembler, WHOLE } from "./reassembler.js";
import {
	REASSEMBLY_LIMITS,
	type ReassemblyLimits,
} from "./reassembly-limits.js";
import { reassemblyRegionBytes } from "./reassembly-memory.js";

const PACKET_AT = 128;
const REGION_AT = 128 * 1024;
const TIMEOUT_MS = REASSEMBLY_LIMITS.timeoutMs;

/** A reassembler with an arena around it. */
class Bench {
	readonly arena: Uint8Array;
	readonly view: SegmentView;
	readonly reassembler: Reassembler;
	readonly lost: Record<string, number> = {};
	releases = 0;

	constructor(limits: Partial<ReassemblyLimits> = {}, hash?: () => number) {
		const all = { ...REASSEMBLY_LIMITS, ...limits };
		const length = reassemblyRegionBytes(all);
		this.arena = new Uint8Array(REGION_AT + length);
		this.view = new SegmentView(this.arena);
		this.reassembler = new Reassembler({
			arena: this.arena,
			region: { offset: REGION_AT, length },
			limits: all,
			hash:
				hash ??
				((words, count) =>
					words.subarray(0, count).reduce((a, b) => (a * 31 + b) | 0, 7)),
			lost: (reason, pieces) => {
				const name = dropReasonName(reason);
				this.lost[name] = (this.lost[name] ?? 0) + pieces;
			},
			releaseWhole: () => {
				this.releases++;
			},
		});
	}

	take(bytes: Uint8Array, nowMs = 0): number {
		this.arena.set(bytes, PACKET_AT);
		expect(this.view.bind(PACKET_AT, bytes.length)).toBe(FRAGMENT);
		return this.reassembler.take(this.view, nowMs);
	}

	whole(): Uint8Array {
		const { offset, length } = this.reassembler.whole;
		return this.arena.slice(offset, offset + length);
	}
}

function wholePacket(family: 4 | 6, payloadLength: number): Uint8Array {
	const host = new EngineHost({ role: "client" });
	host.open(0, family);
	const [syn] = host.takeSent() as [WirePacket];
	const head = syn.bytes.subarray(0, fragmentableAt(syn.bytes) + 20);
	const bytes = new Uint8Array(head.length + payloadLength);
	bytes.set(head);
	for (let at = head.length; at < bytes.length; at++)
		bytes[at] = (at * 31 + (at >>> 8) * 7) & 0xff;
	const view = new DataView(bytes.buffer);
	// The reassembler does not look into the segment, so nothing of TCP has to be right.
	if (family === 4) view.setUint16(2, bytes.length);
	else view.setUint16(4, bytes.length - 40);
	return bytes;
}

function part(
	start: number,
	length: number,
	hasMore: boolean,
	fill = 1,
): FragmentPart {
	return { identification: 7, start, payload: datagram(length, fill), hasMore };
}

const families = [4, 6] as const;

describe.each(families)("a reassembler, IPv%i", (family) => {
	const packet = wholePacket(family, 3_000);
	const fragmentable = packet.subarray(fragmentableAt(packet));

	it.each([576, 1_280, 1_300, 1_400, 1_492])(
		"puts together what a link of %i cut, in any order",
		(mtuBytes) => {
			const bench = new Bench();
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
		const bench = new Bench();
		const outcomes = parts.map((one) => bench.take(fragmentOf(packet, one)));
		expect(outcomes).toEqual(
			expected.map((one) => (typeof one === "number" ? one : DROP[one])),
		);
	});

	it("discards only the fragment that is too long, and delivers the datagram", () => {
		const bench = new Bench();
		expect(bench.take(fragmentOf(packet, part(0, 24, true)))).toBe(HELD);
		expect(bench.take(fragmentOf(packet, part(65_528, 800, false)))).toBe(
			DROP["fragment-too-long"],
		);
		expect(bench.take(fragmentOf(packet, part(24, 8, false)))).toBe(WHOLE);
		expect(bench.whole().length).toBe(fragmentableAt(packet) + 32);
	});

	it("takes the largest datagram there is, and no more than 64 pieces", () => {
		const bench = new Bench();
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

	it("counts each piece of what does not come in time, at 5 s and not before", () => {
		const bench = new Bench();
		bench.take(fragmentOf(packet, part(0, 24, true)), 100);
		bench.take(fragmentOf(packet, part(24, 800, true)), 4_000);
		bench.reassembler.expire(100 + TIMEOUT_MS - 1);
		expect(bench.reassembler.heldPieces).toBe(2);
		expect(bench.reassembler.heldBytes).toBe(512 + 512 + 1_024);
		bench.reassembler.expire(100 + TIMEOUT_MS);
		expect(bench.lost).toEqual({ "fragment-timeout": 2 });
		expect(bench.reassembler.heldBytes).toBe(0);
		// The tail begins anew and finds nothing of the past.
		expect(bench.take(fragmentOf(packet, part(824, 8, false)), 6_000)).toBe(
			HELD,
		);
	});

	it("forgets an old datagram also between two ticks, so that an identification may come again", () => {
		const bench = new Bench();
		bench.take(fragmentOf(packet, part(24, 8, false, 9)), 0);
		expect(
			bench.take(fragmentOf(packet, part(24, 8, false, 1)), TIMEOUT_MS),
		).toBe(HELD);
		expect(bench.take(fragmentOf(packet, part(0, 24, true)), TIMEOUT_MS)).toBe(
			WHOLE,
		);
		expect(bench.lost).toEqual({ "fragment-timeout": 1 });
	});

	it("evicts the oldest down to the low watermark", () => {
		const bench = new Bench({
			highWatermarkBytes: 16 * 1_024,
			lowWatermarkBytes: 8 * 1_024,
			sourceShare: 1,
		});
		// Two sources, so that none has more than its share.
		const from = (identification: number) => {
			const bytes = Uint8Array.from(packet);
			bytes[family === 4 ? 15 : 23] = identification & 1;
			return bytes;
		};
		const first = (identification: number) =>
			fragmentOf(from(identification), {
				...part(0, 24, true),
				identification,
			});
		for (let id = 0; id < 16; id++) expect(bench.take(first(id))).toBe(HELD);
		expect(bench.reassembler.heldBytes).toBe(16 * 1_024);
		expect(bench.take(first(16))).toBe(HELD);
		expect(bench.reassembler.heldBytes).toBe(8 * 1_024);
		expect(bench.lost).toEqual({ "fragment-evicted": 9 });
		const tail = (identification: number) =>
			fragmentOf(from(identification), {
				...part(24, 8, false),
				identification,
			});
		expect(bench.take(tail(9))).toBe(WHOLE);
		expect(bench.take(tail(8))).toBe(HELD);
	});

	it("lets one source have a quarter, and evicts that source's own", () => {
		const bench = new Bench({
			highWatermarkBytes: 32 * 1_024,
			lowWatermarkBytes: 24 * 1_024,
		});
		const other = Uint8Array.from(packet);
		const sourceAt = family === 4 ? 15 : 23;
		other[sourceAt] = (other[sourceAt] ?? 0) ^ 1;
		expect(bench.take(fragmentOf(other, part(0, 24, true)))).toBe(HELD);
		for (let id = 0; id < 1_000; id++) {
			const flood = { ...part(24, 800, true), identification: id };
			expect(bench.take(fragmentOf(packet, flood))).toBe(HELD);
			expect(bench.reassembler.heldBytes).toBeLessThanOrEqual(9 * 1_024);
		}
		expect(bench.lost).toEqual({ "fragment-evicted": 992 });
		expect(bench.take(fragmentOf(other, part(24, 8, false)))).toBe(WHOLE);
	});

	it("lets one source have a quarter of the datagrams", () => {
		const bench = new Bench({ maxDatagrams: 16 });
		for (let id = 0; id < 100; id++)
			bench.take(
				fragmentOf(packet, { ...part(24, 8, true), identification: id }),
			);
		expect(bench.reassembler.heldPieces).toBe(4);
		expect(bench.lost).toEqual({ "fragment-evicted": 96 });
	});

	it("gives a datagram up that alone has more than its source may have", () => {
		const bench = new Bench({ highWatermarkBytes: 16 * 1_024 });
		expect(bench.take(fragmentOf(packet, part(0, 4_000, true)))).toBe(
			DROP["fragment-evicted"],
		);
		expect(bench.take(fragmentOf(packet, part(4_000, 8, false)))).toBe(
			DROP["fragment-evicted"],
		);
		expect(bench.reassembler.heldBytes).toBe(0);
	});

	it("stays in bounds and comes back to nothing with 10,000 identifications that never complete", () => {
		const bench = new Bench();
		for (let id = 0; id < 10_000; id++) {
			const source = Uint8Array.from(packet);
			source[family === 4 ? 15 : 23] = id & 0xff;
			const never = { ...part(24, 1_376, true), identification: id };
			expect(bench.take(fragmentOf(source, never), id / 10)).toBe(HELD);
			expect(bench.reassembler.heldBytes).toBeLessThanOrEqual(
				REASSEMBLY_LIMITS.highWatermarkBytes,
			);
		}
		bench.reassembler.expire(1_000 + TIMEOUT_MS);
		expect(bench.reassembler.heldBytes).toBe(0);
		expect(bench.reassembler.heldPieces).toBe(0);
		const lost = Object.values(bench.lost).reduce((sum, one) => sum + one, 0);
		expect(lost).toBe(10_000);
	});

	it("keeps datagrams apart when all of them have one hash", () => {
		const bench = new Bench({}, () => 5);
		const of = (identification: number, one: FragmentPart) =>
			fragmentOf(packet, { ...one, identification });
		for (let id = 0; id < 50; id++) bench.take(of(id, part(0, 24, true, id)));
		for (const id of [25, 0, 49, 24, 26, 1, 48]) {
			expect(bench.take(of(id, part(24, 8, false, id)))).toBe(WHOLE);
			const payload = bench.whole().subarray(fragmentableAt(packet));
			expect(payload).toEqual(datagram(32, id));
		}
		expect(bench.reassembler.heldPieces).toBe(43);
		bench.reassembler.clear();
		expect(bench.reassembler.heldBytes).toBe(0);
	});

	it("asks for earlier datagrams to be let go before it overwrites them", () => {
		const bench = new Bench();
		const large = wholePacket(family, 60_000);
		for (let id = 0; id < 9; id++) {
			for (const piece of cutFragments(large, {
				mtuBytes: 1_500,
				identification: id,
			}))
				bench.take(piece);
		}
		expect(bench.releases).toBe(2);
		bench.reassembler.beginBatch();
		for (const piece of cutFragments(large, {
			mtuBytes: 1_500,
			identification: 9,
		}))
			bench.take(piece);
		expect(bench.releases).toBe(2);
	});
});

describe("headers of what was put together", () => {
	it("keeps IPv4 options of the first fragment and the DF bit, whatever the others have", () => {
		const bench = new Bench();
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
		const bench = new Bench();
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
		const bench = new Bench();
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
		const bench = new Bench();
		const packet = wholePacket(6, 0);
		const of = (identification: number, one: FragmentPart) =>
			fragmentOf(packet, { ...one, identification });
		expect(bench.take(of(0x8001_0007, part(0, 24, true)))).toBe(HELD);
		expect(bench.take(of(0x0000_0007, part(24, 8, false)))).toBe(HELD);
		expect(bench.take(of(0x8001_0007, part(24, 8, false)))).toBe(WHOLE);
	});
});

describe("a reassembler against a slow one", () => {
	const event = fc.record({
		family: fc.constantFrom(4 as const, 6 as const),
		source: fc.nat(1),
		identification: fc.nat(2),
		start: fc.constantFrom(0, 0, 8, 16, 24, 24, 32, 40, 48, 64, 65_504),
		length: fc.constantFrom(24, 24, 8, 8, 16, 40, 13, 5, 0, 1),
		hasMore: fc.boolean(),
		fill: fc.constantFrom(1, 1, 1, 2),
		waitMs: fc.constantFrom(0, 0, 0, 0, 900, 4_999),
	});
	const packets = { 4: wholePacket(4, 0), 6: wholePacket(6, 0) };

	it("comes to the same for any pieces in any order, with duplicates, overlaps and delays", () => {
		fc.assert(
			fc.property(
				fc.array(event, { maxLength: 60 }),
				fc.constantFrom(3, 64),
				(events, maxPieces) => {
					const bench = new Bench({
						highWatermarkBytes: 64 * 1_024,
						sourceShare: 1,
						maxDatagrams: 64,
						maxPieces,
					});
					const slow = new SlowReassembler({
						maxPieces,
						timeoutMs: TIMEOUT_MS,
					});
					let nowMs = 0;
					for (const { family, source, waitMs, ...rest } of events) {
						nowMs += waitMs;
						const bytes = Uint8Array.from(packets[family]);
						bytes[family === 4 ? 15 : 23] = source;
						const one = {
							identification: rest.identification,
							start: rest.start,
							// Otherwise it would be no fragment at all.
							hasMore: rest.hasMore || rest.start === 0,
							// Octets that differ from place to place, so that a misplaced piece shows.
							payload: Uint8Array.from(
								{ length: rest.length },
								(_, index) => (rest.start + index) * rest.fill,
							),
						};
						bench.reassembler.expire(nowMs);
						slow.expire(nowMs);
						const taken = bench.take(fragmentOf(bytes, one), nowMs);
						const fate = slow.take(
							`${family}/${source}/${rest.identification}`,
							one,
							{ nowMs, countedHeaderLength: family === 4 ? 20 : 0 },
						);
						if (taken === HELD) expect(fate).toBe("held");
						else if (taken === WHOLE)
							expect(bench.whole().subarray(family === 4 ? 20 : 40)).toEqual(
								fate,
							);
						else expect(fate).toBe(dropReasonName(taken));
						expect(bench.reassembler.heldPieces).toBe(slow.heldPieces);
						expect(bench.lost).toEqual(slow.lost);
					}
					bench.reassembler.clear();
					expect(bench.reassembler.heldBytes).toBe(0);
				},
			),
			{ numRuns: 2_000 },
		);
	});
});

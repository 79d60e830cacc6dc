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
	TIMEOUT_MS,
	wholePacket,
} from "../testing/reassembler-bench.js";
import { DROP } from "../wire/drop-reason.js";
import { HELD, WHOLE } from "./reassembler.js";
import { REASSEMBLY_LIMITS } from "./reassembly-limits.js";

const families = [4, 6] as const;

describe.each(families)("limits of reassembly, IPv%i", (family) => {
	const packet = wholePacket(family, 3_000);

	it("counts each piece of what does not come in time, at 5 s and not before", () => {
		const bench = new ReassemblerBench();
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
		const bench = new ReassemblerBench();
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
		const bench = new ReassemblerBench({
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
		const bench = new ReassemblerBench({
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
		const bench = new ReassemblerBench({ maxDatagrams: 16 });
		for (let id = 0; id < 100; id++)
			bench.take(
				fragmentOf(packet, { ...part(24, 8, true), identification: id }),
			);
		expect(bench.reassembler.heldPieces).toBe(4);
		expect(bench.lost).toEqual({ "fragment-evicted": 96 });
	});

	it("gives a datagram up that alone has more than its source may have", () => {
		const bench = new ReassemblerBench({ highWatermarkBytes: 16 * 1_024 });
		expect(bench.take(fragmentOf(packet, part(0, 4_000, true)))).toBe(
			DROP["fragment-evicted"],
		);
		expect(bench.take(fragmentOf(packet, part(4_000, 8, false)))).toBe(
			DROP["fragment-evicted"],
		);
		expect(bench.reassembler.heldBytes).toBe(0);
	});

	it("stays in bounds and comes back to nothing with 10,000 identifications that never complete", () => {
		const bench = new ReassemblerBench();
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
		const bench = new ReassemblerBench({}, () => 5);
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
		const bench = new ReassemblerBench();
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

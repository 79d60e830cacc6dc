import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragmentOf, SlowReassembler } from "../testing/index.js";
import {
	ReassemblerBench,
	TIMEOUT_MS,
	wholePacket,
} from "../testing/reassembler-bench.js";
import { dropReasonName } from "../wire/drop-reason.js";
import { HELD, WHOLE } from "./reassembler.js";

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
					const bench = new ReassemblerBench({
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

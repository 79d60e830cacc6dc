import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragmentOf, SlowReassembler } from "../testing/index.js";
import { casesOf, parametersOf, timeLimitMs } from "../testing/property-run.js";
import {
	ReassemblerBench,
	TIMEOUT_MS,
	wholePacket,
} from "../testing/reassembler-bench.js";
import { dropReasonName } from "../wire/drop-reason.js";
import { HELD, WHOLE } from "./reassembler.js";

/** Some hundred also where few cases are asked for: fewer would not meet every outcome. */
const RUNS = Math.max(300, casesOf("reassembly"));

describe("a reassembler against a slow one", () => {
	const place = fc.record({
		family: fc.constantFrom(4 as const, 6 as const),
		source: fc.nat(1),
		identification: fc.nat(1),
		waitMs: fc.constantFrom(0, 0, 0, 0, 900, 4_999),
	});
	/** Pieces that belong together, so that something gets whole. */
	const sound = fc.constantFrom(
		{ start: 0, length: 24, hasMore: true, fill: 1 },
		{ start: 24, length: 8, hasMore: true, fill: 1 },
		{ start: 32, length: 16, hasMore: true, fill: 1 },
		{ start: 48, length: 13, hasMore: false, fill: 1 },
	);
	const wild = fc.record({
		start: fc.constantFrom(0, 0, 8, 16, 24, 24, 32, 40, 48, 64, 65_504),
		length: fc.constantFrom(24, 24, 8, 8, 16, 40, 13, 5, 0, 1),
		hasMore: fc.boolean(),
		fill: fc.constantFrom(1, 1, 1, 2),
	});
	const event = fc
		.tuple(
			place,
			fc.oneof({ weight: 8, arbitrary: sound }, { weight: 1, arbitrary: wild }),
		)
		.map(([where, part]) => ({ ...where, ...part }));
	const packets = { 4: wholePacket(4, 0), 6: wholePacket(6, 0) };

	it(
		`comes to the same for any pieces in any order, with duplicates, overlaps and delays (${RUNS} random sequences)`,
		() => {
			const outcomes = new Set<string>();
			fc.assert(
				fc.property(
					fc.array(event, { maxLength: 60, size: "max" }),
					fc.constantFrom(3, 64, 64),
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
							outcomes.add(typeof fate === "string" ? fate : "whole");
							if (taken === HELD) expect(fate).toBe("held");
							else if (taken === WHOLE)
								expect(bench.whole().subarray(family === 4 ? 20 : 40)).toEqual(
									fate,
								);
							else expect(fate).toBe(dropReasonName(taken));
							expect(bench.reassembler.heldPieces).toBe(slow.heldPieces);
							expect(bench.lost).toEqual(slow.lost);
						}
						for (const reason of Object.keys(slow.lost)) outcomes.add(reason);
						bench.reassembler.clear();
						expect(bench.reassembler.heldBytes).toBe(0);
					},
				),
				{ ...parametersOf("reassembly"), numRuns: RUNS },
			);
			// The comparison is worth something only where things happen.
			expect([...outcomes].sort()).toEqual([
				"fragment-duplicate",
				"fragment-malformed",
				"fragment-overlap",
				"fragment-timeout",
				"fragment-too-long",
				"fragment-too-many",
				"held",
				"whole",
			]);
		},
		timeLimitMs(),
	);
});

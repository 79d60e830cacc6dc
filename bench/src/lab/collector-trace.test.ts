import { describe, expect, it } from "vitest";
import { allocatedBytes } from "./collector-trace.js";

const MEBIBYTE = 1_048_576;

/** Two isolates, as Node 20 prints them, between log lines of the daemon. */
const TRACE = `
[18783:0x7f1a80000]      312 ms: Scavenge 6.1 (7.2) -> 5.0 (8.2) MB, 0.90 / 0.00 ms  (average mu = 1.000, current mu = 1.000) allocation failure;
{"level":30,"event":"running"}
[18783:0x55d2c000]      500 ms: Scavenge 4.0 (5.0) -> 3.0 (5.0) MB, 0.5 / 0.0 ms  (average mu = 1.000, current mu = 1.000) task;
[18783:0x7f1a80000]      900 ms: Mark-Compact (reduce) 8.5 (9.0) -> 4.0 (8.0) MB, 3.1 / 0.0 ms  (average mu = 0.9, current mu = 0.9) finalize incremental marking via task; GC in old space requested
[18783:0x7f1a80000]     1200 ms: Scavenge 4.5 (9.0) -> 4.1 (8.0) MB, 0.4 / 0.0 ms  (average mu = 0.9, current mu = 0.9) allocation failure;
`;

describe("allocatedBytes", () => {
	it("adds up, per isolate, what each collection found above what the last one left", () => {
		expect(allocatedBytes(TRACE)).toBeCloseTo((3.5 + 0.5) * MEBIBYTE);
	});

	it("is 0 before the second collection", () => {
		expect(allocatedBytes(TRACE.split("\n").slice(0, 3).join("\n"))).toBe(0);
		expect(allocatedBytes("")).toBe(0);
	});
});

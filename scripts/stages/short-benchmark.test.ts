// The benchmark's own count is taken over, with the names of what failed and the reasons of what was not run.

import { beforeEach, expect, test, vi } from "vitest";
import { tallyOfOutput } from "./short-benchmark.mjs";

// A tally says what it counts; invented failures would stand in CI's log like real ones.
beforeEach(() => {
	vi.spyOn(console, "log").mockImplementation(() => undefined);
	return () => vi.restoreAllMocks();
});

test("takes counts, names and reasons from the verdicts", () => {
	const tally = tallyOfOutput(
		[
			"goal met   goodput [offload]: 4.1 × (goal ≥ 3.5, floor ≥ 3)",
			"MISSED     loss at half rate: 12 % (goal 0)  <- FAILS this short run: past what noise explains",
			"not run    CPU against stock: genuine Phantun is not installed (goal ≤ 0.33)",
			"bench: 1 passed, 1 failed, 1 skipped",
		].join("\n"),
	);
	expect(tally.passed).toBe(1);
	expect(tally.failed).toEqual(["loss at half rate: 12 % (goal 0)"]);
	expect(tally.skipped).toEqual([
		{ name: "CPU against stock", reason: "genuine Phantun is not installed" },
	]);
});

test("counts an end without a count as a failure", () => {
	expect(tallyOfOutput("Segmentation fault").failed).toEqual([
		"the benchmark ended without a count",
	]);
});

test("counts failures whose names it cannot find all the same", () => {
	const tally = tallyOfOutput("bench: 0 passed, 2 failed, 1 skipped");
	expect(tally.failed).toHaveLength(2);
	expect(tally.skipped[0]?.reason).toBe("no reason given");
});

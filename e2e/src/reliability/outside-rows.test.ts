// What other suites print is read as it is: counts, findings, and an end without a report as a failure.

import { expect, it } from "vitest";
import { outsideRows } from "./outside-rows.js";

function readAs(row: number, output: string, exitCode: number | null = 0) {
	const outside = outsideRows(false).find((one) => one.row === row);
	return outside?.read({ output, exitCode });
}

const report = (passed: number, failed: number, pending = 0) =>
	`noise\n${JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: pending })}\n`;

it("takes vitest's counts", () => {
	expect(readAs(19, report(4, 0))).toEqual({
		measured: "4 comparisons, one of them over 100,000 packets: 0 failed",
		isMet: true,
	});
	expect(readAs(19, report(3, 1), 1)?.isMet).toBe(false);
});

it("does not take skipped tests, or none at all, for success", () => {
	expect(readAs(16, report(0, 0, 9))).toEqual({
		measured: "0 tests of injected errors and life cycles: 0 failed, 9 skipped",
		isMet: false,
	});
	expect(readAs(17, "Segmentation fault", 139)).toEqual({
		measured: "ended with 139 and no report",
		isMet: false,
	});
});

it("adds libFuzzer's statistics up, and counts findings", () => {
	const statistics = (units: number) =>
		`stat::number_of_executed_units: ${units}\nstat::average_exec_per_sec: 9\n`;
	expect(readAs(18, statistics(1_000_000) + statistics(234))).toEqual({
		measured: "2 targets, 1,000,234 inputs, 0 findings",
		isMet: true,
	});
	const finding = "SUMMARY: AddressSanitizer: heap-buffer-overflow\n";
	expect(readAs(18, statistics(7) + finding, 1)).toEqual({
		measured: "1 targets, 7 inputs, 1 findings",
		isMet: false,
	});
});

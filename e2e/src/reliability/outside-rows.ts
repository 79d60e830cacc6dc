// Rows that other workspaces' suites prove (errno, properties, fuzzing, differential): how they are run, and what their output says.

import { z } from "zod";
import type { NewRowRecord } from "./scoreboard-record.js";

export interface OutsideRow {
	readonly row: NewRowRecord["row"];
	readonly title: string;
	readonly criterion: string;
	/** From the top folder. */
	readonly folder: string;
	readonly argv: readonly string[];
	readonly environment: Readonly<Record<string, string>>;
	readonly timeLimitMs: number;
	/** What a run that ended says. */
	readonly read: (run: OutsideRun) => Pick<NewRowRecord, "measured" | "isMet">;
}

export interface OutsideRun {
	/** Both streams. */
	readonly output: string;
	/** Null when it was killed. */
	readonly exitCode: number | null;
}

const VITEST = ["npx", "--no-install", "vitest", "run", "--reporter=json"];
const SHORT_FUZZ_SECONDS = 20;
const LONG_FUZZ_SECONDS = 600;
/** Of differential.test.ts; three comparisons of 2,000 inputs each come on top. */
const DIFFERENTIAL_PACKETS = 100_000;
/** As in scripts/stages/stages.mjs; the shares of the properties are rounded, so a little more than is asked. */
const PROPERTY_CASES = { short: 2_100_000, long: 52_000_000 } as const;

export function outsideRows(isLong: boolean): readonly OutsideRow[] {
	const form = isLong ? "long" : "short";
	const fuzzSeconds = isLong ? LONG_FUZZ_SECONDS : SHORT_FUZZ_SECONDS;
	const cases = PROPERTY_CASES[form];
	return [
		{
			row: 16,
			title: "Every errno injected at every call of the addon",
			criterion: "each counted or tried again as documented; no crash, no leak",
			folder: "packages/tun",
			argv: [
				...["unshare", "--net", ...VITEST],
				...["--config", "vitest.kernel.config.ts", "src/life-cycle/"],
			],
			environment: { TUNSCOPE_TEST_NAMESPACE: "1" },
			timeLimitMs: 300_000,
			read: (run) => readTests(run, "tests of injected errors and life cycles"),
		},
		{
			row: 17,
			title: "Properties of packages/fake-tcp by fast-check",
			criterion: `${grouped(cases)} cases, 0 failures`,
			folder: "packages/fake-tcp",
			argv: [...VITEST, "propert", "any-packet", "convergence"],
			environment: { TUNSCOPE_PROPERTY_CASES: String(cases) },
			timeLimitMs: isLong ? 3_600_000 : 600_000,
			read: (run) => readTests(run, `properties over ${grouped(cases)} cases`),
		},
		{
			row: 18,
			title: `libFuzzer, ${fuzzSeconds} s per target, ASan and UBSan`,
			criterion: "0 findings",
			folder: ".",
			argv: [
				...["npm", "run", "--silent", "--workspace", "@tunscope/tun"],
				...["fuzz", "--", String(fuzzSeconds)],
			],
			environment: {},
			timeLimitMs: isLong ? 7_200_000 : 600_000,
			read: readFuzzing,
		},
		{
			row: 19,
			title: `Native code against slow references, ${grouped(DIFFERENTIAL_PACKETS)} generated packets`,
			criterion: "0 disagreements",
			folder: "packages/tun",
			argv: [...VITEST, "src/native/differential.test.ts"],
			environment: {},
			timeLimitMs: 600_000,
			read: (run) =>
				readTests(
					run,
					`comparisons, one of them over ${grouped(DIFFERENTIAL_PACKETS)} packets`,
				),
		},
	];
}

const vitestReport = z.object({
	numPassedTests: z.number(),
	numFailedTests: z.number(),
	numPendingTests: z.number(),
});

/** @param what e.g. "comparisons". */
function readTests(
	{ output, exitCode }: OutsideRun,
	what: string,
): Pick<NewRowRecord, "measured" | "isMet"> {
	const line = output
		.split("\n")
		.find((text) => text.startsWith("{") && text.includes("numPassedTests"));
	if (line === undefined)
		return { measured: `ended with ${exitCode} and no report`, isMet: false };
	const { numPassedTests, numFailedTests, numPendingTests } =
		vitestReport.parse(JSON.parse(line));
	const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
	return {
		measured: `${numPassedTests} ${what}: ${numFailedTests} failed${skipped}`,
		isMet:
			exitCode === 0 &&
			numPassedTests > 0 &&
			numFailedTests + numPendingTests === 0,
	};
}

/** libFuzzer's final statistics, one block per target. */
function readFuzzing({
	output,
	exitCode,
}: OutsideRun): Pick<NewRowRecord, "measured" | "isMet"> {
	const runs = [
		...output.matchAll(/stat::number_of_executed_units:\s+(\d+)/g),
	].map((match) => Number(match[1]));
	const inputs = runs.reduce((sum, count) => sum + count, 0);
	const findings = [...output.matchAll(/^(SUMMARY: .*)$/gm)].length;
	return {
		measured: `${runs.length} targets, ${grouped(inputs)} inputs, ${findings} findings`,
		isMet: exitCode === 0 && runs.length > 0 && findings === 0,
	};
}

/** "2,000,000" */
function grouped(count: number): string {
	return count.toLocaleString("en-US");
}

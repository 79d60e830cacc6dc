// The counts of a vitest stage are those of what really ran, whatever goes wrong in the run.

import { spawnSync } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isAgreed } from "./agreed-skips.mjs";
import { COUNTS_PATH_VARIABLE } from "./count-reporter.mjs";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const REPORTER = fileURLToPath(
	new URL("./count-reporter.mjs", import.meta.url),
);

const FILES: Readonly<Record<string, string>> = {
	"mixed.test.ts": `
		import { expect, test } from "vitest";
		test("passes", () => expect(1).toBe(1));
		test("passes too", () => expect(1).toBe(1));
		test("fails", () => expect(1).toBe(2));
		test("needs what is not here", (context) => context.skip("no cargo here"));
		test.skip("says nothing", () => undefined);
	`,
	"broken.test.ts": 'import "./nowhere.js";\n',
	"set-up.test.ts": `
		import { beforeAll, describe, test } from "vitest";
		describe("lab", () => {
			beforeAll(() => { throw new Error("no namespace"); });
			test("never runs", () => undefined);
		});
	`,
	"crash.test.ts": `
		import { test } from "vitest";
		test("leaves a rejection behind", () => { Promise.reject(new Error("left behind")); });
	`,
};

interface Counts {
	readonly passed: number;
	readonly failed: readonly string[];
	readonly skipped: readonly { name: string; reason: string }[];
	readonly tests: number;
}

function countsOf(files: readonly string[]): Counts | null {
	mkdirSync(join(TOP, "test-results"), { recursive: true });
	const folder = mkdtempSync(join(TOP, "test-results/counted-"));
	try {
		// A configuration of its own, or vitest finds this repository's above it.
		writeFileSync(join(folder, "vitest.config.mjs"), "export default {};\n");
		for (const name of files) {
			writeFileSync(join(folder, name), FILES[name] ?? "");
		}
		const countsPath = join(folder, "counts.json");
		spawnSync(
			process.execPath,
			[
				join(TOP, "node_modules/vitest/vitest.mjs"),
				"run",
				`--root=${folder}`,
				`--reporter=${REPORTER}`,
			],
			{
				env: { ...process.env, [COUNTS_PATH_VARIABLE]: countsPath },
				timeout: 60_000,
			},
		);
		return existsSync(countsPath)
			? JSON.parse(readFileSync(countsPath, "utf8"))
			: null;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

describe("the count reporter", () => {
	test("counts passed, failed and skipped tests, with the reasons", () => {
		expect(countsOf(["mixed.test.ts"])).toEqual({
			passed: 2,
			failed: ["mixed.test.ts > fails"],
			skipped: [
				{
					name: "mixed.test.ts > needs what is not here",
					reason: "no cargo here",
				},
				{ name: "mixed.test.ts > says nothing", reason: "no reason given" },
			],
			tests: 5,
		});
	});

	test("counts a file that does not load as a failure", () => {
		const counts = countsOf(["broken.test.ts"]);
		expect(counts?.failed).toHaveLength(1);
		expect(counts?.failed[0]).toContain("nowhere.js");
	});

	test("counts a set-up that throws as a failure", () => {
		const counts = countsOf(["set-up.test.ts"]);
		expect(counts?.failed).toEqual(["lab (set-up): no namespace"]);
		expect(counts?.passed).toBe(0);
	});

	test("counts an error outside of any test as a failure", () => {
		const counts = countsOf(["crash.test.ts"]);
		expect(counts?.passed).toBe(1);
		expect(counts?.failed).toEqual(["outside of any test: left behind"]);
	});
});

describe("agreed skips", () => {
	test("excuse the absence of cargo, and nothing that has no reason", () => {
		expect(
			isAgreed({ name: "four pairings", reason: "cargo is not installed" }),
		).toBe(true);
		expect(isAgreed({ name: "anything", reason: "no reason given" })).toBe(
			false,
		);
	});
});

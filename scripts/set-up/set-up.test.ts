// Where a script cannot go on, it says so in one sentence with what to do, and ends with an exit code that is not 0.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const TOP = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "tunscope-set-up-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
	readonly exitCode: number | null;
	readonly text: string;
}

interface Circumstances {
	readonly path?: string;
	/** What the script is to believe, whatever this machine is. */
	readonly pretendedNode?: string;
	readonly pretendedUid?: number;
}

function run(
	args: readonly string[],
	circumstances: Circumstances = {},
): Outcome {
	const { path, pretendedNode, pretendedUid } = circumstances;
	const preload = join(scratch, "pretend.cjs");
	writeFileSync(
		preload,
		[
			pretendedNode === undefined
				? ""
				: `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${pretendedNode}" } });`,
			pretendedUid === undefined
				? ""
				: `process.getuid = () => ${pretendedUid};`,
		].join("\n"),
	);
	const result = spawnSync(process.execPath, ["--require", preload, ...args], {
		cwd: TOP,
		encoding: "utf8",
		timeout: 30_000,
		env: { ...process.env, PATH: path ?? process.env.PATH },
	});
	return {
		exitCode: result.status,
		text: `${result.stdout}${result.stderr}`.trim(),
	};
}

describe("an old Node", () => {
	test.each([
		["scripts/require-node.cjs"],
		["scripts/demo.mjs"],
		["scripts/test.mjs"],
		["apps/daemon/bin/tunscope.js"],
	])("%s says which Node is needed", (script) => {
		const outcome = run([script], { pretendedNode: "20.18.3" });
		expect(outcome.text).toMatch(
			/^tunscope: Node 20\.18\.3 is too old: install Node 20\.19 or newer .*$/,
		);
		expect(outcome.exitCode).not.toBe(0);
	});

	test("the oldest that is allowed passes", () => {
		const outcome = run(["scripts/require-node.cjs"], {
			pretendedNode: "20.19.0",
		});
		expect(outcome).toEqual({ exitCode: 0, text: "" });
	});
});

describe("not root", () => {
	test.each([
		["npm run demo", "scripts/demo.mjs"],
		["npm run bench", "scripts/bench.mjs"],
	])("%s says that it needs root", (name, script) => {
		const outcome = run([script], { pretendedUid: 1_000 });
		expect(outcome.text).toBe(
			`${name}: this makes network namespaces, TUN devices and nftables rules: run it as root (for example with sudo).`,
		);
		expect(outcome.exitCode).toBe(1);
	});
});

describe("no apt-get", () => {
	test("names the missing packages and asks for the system's package manager", () => {
		const outcome = run(["scripts/bench.mjs"], {
			path: join(scratch, "nothing-here"),
			pretendedUid: 0,
		});
		expect(outcome.text).toMatch(
			/^npm run bench: missing here: g\+\+.*, and there is no apt-get: install them with your system's package manager, then run this again\.$/,
		);
		expect(outcome.exitCode).toBe(1);
	});
});

describe("npm test --only", () => {
	test("with an unknown stage lists those that exist", () => {
		const outcome = run(["scripts/test.mjs", "--only", "units"]);
		expect(outcome.text).toMatch(
			/^npm test: --only units: no such stage; the stages are install, lint, .*\.$/,
		);
		expect(outcome.exitCode).toBe(1);
	});
});

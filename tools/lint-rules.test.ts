// Every rule about what stands in a file catches a violation planted for it, and lets the tree pass that keeps to it.

import { describe, expect, test } from "vitest";
import { CLEAN_TREE, lazily, type Plant, treeWith } from "./clean-tree.js";
import { runInPlantedTree } from "./planted-tree.js";
import { SOURCE_FILE_RULES } from "./source-file-rules.mjs";

const CHECK_SOURCE_FILES = ["node", "{top}/tools/check-source-files.mjs"];
const LINT = [
	"{top}/node_modules/.bin/biome",
	"lint",
	".",
	"--max-diagnostics=none",
	"--error-on-warnings",
];

const LONG_BODY = "\tx += 1;\n".repeat(60);

const LINT_PLANTS: readonly Plant[] = [
	{
		rule: "noExplicitAny",
		path: "packages/tun/src/a.ts",
		text: "export const a: any = 1;\n",
	},
	{
		rule: "noNonNullAssertion",
		path: "packages/tun/src/b.ts",
		text: "export const b = (x?: string) => x!.length;\n",
	},
	{
		rule: "noDefaultExport",
		path: "packages/tun/src/c.ts",
		text: "export default 1;\n",
	},
	{
		rule: "useFilenamingConvention",
		path: "packages/tun/src/tunDevice.ts",
		text: "export const d = 1;\n",
	},
	{
		rule: "useMaxParams",
		path: "apps/daemon/src/e.ts",
		text: "export const e = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];\n",
	},
	{
		rule: "noExcessiveLinesPerFunction",
		path: "apps/daemon/src/f.ts",
		text: `export function f(): number {\n\tlet x = 0;\n${LONG_BODY}\treturn x;\n}\n`,
	},
	{
		rule: "noFloatingPromises",
		path: "apps/daemon/src/g.ts",
		text: "async function g(): Promise<number> {\n\treturn 1;\n}\nexport function h(): void {\n\tg();\n}\n",
	},
	...[
		"Date",
		"performance",
		"setTimeout",
		"setInterval",
		"setImmediate",
		"queueMicrotask",
		"process",
		"console",
		"crypto",
		"fetch",
		"Buffer",
	].map((name) => ({
		rule: "noRestrictedGlobals",
		path: `packages/fake-tcp/src/wire/uses-${name.toLowerCase()}.ts`,
		text: `export const taken: unknown = ${name};\n`,
	})),
	{
		rule: "math-random",
		path: "packages/fake-tcp/src/flow/dice.ts",
		text: "export const dice = Math.random();\n",
	},
	...[
		'export const e = process.env["HOME"];\n',
		'export const e = process["env"].HOME;\n',
		'import { env } from "node:process";\nexport const e = env.HOME;\n',
		"const { env } = process;\nexport const e = env.HOME;\n",
	].map((text, index) => ({
		rule: "process-env",
		path: `apps/daemon/src/tunnel/environment-${index}.ts`,
		text,
	})),
	...["node:child_process", "node:fs", "node:fs/promises"].map(
		(name, index) => ({
			rule: "noRestrictedImports",
			path: `apps/daemon/src/tunnel/imports-${index}.ts`,
			text: `import * as all from "${name}";\nexport const every = all;\n`,
		}),
	),
	{
		rule: "noRestrictedImports",
		path: "apps/daemon/src/system/firewall.ts",
		text: 'import { spawn } from "node:child_process";\nexport const start = spawn;\n',
	},
];

const SOURCE_FILE_PLANTS: readonly Plant[] = [
	{
		rule: "file-length",
		path: "packages/tun/src/long.ts",
		text: `// A file of exactly one line too many.\n${"\n".repeat(399)}export {};\n`,
	},
	{
		rule: "empty-name",
		path: "packages/tun/src/packet-utils.ts",
		text: "// A drawer for whatever has no place.\n",
	},
	{
		rule: "first-line",
		path: "packages/tun/src/silent.ts",
		text: "export const silent = 1;\n",
	},
	{
		rule: "native-name",
		path: "packages/tun/native/tun-device.cc",
		text: "// The device, with a hyphen in its name.\n",
	},
];

describe("biome", () => {
	const planted = lazily(() => runInPlantedTree(treeWith(LINT_PLANTS), LINT));

	test("passes a tree that keeps to the rules", () => {
		const run = runInPlantedTree(CLEAN_TREE, LINT);
		expect(run.text).not.toContain("lint/");
		expect(run.exitCode).toBe(0);
	});

	test.each(LINT_PLANTS)("$rule is caught in $path", (plant) => {
		const isOwnRule = plant.rule.includes("-");
		const where = `${plant.path}:\\d+:\\d+ `;
		const what = isOwnRule
			? `plugin [^]*?${plant.rule}: `
			: `lint/\\w+/${plant.rule} `;
		const isNameOnly = plant.rule === "useFilenamingConvention";
		expect(planted().text).toMatch(
			new RegExp(isNameOnly ? `${plant.path} ${what}` : where + what),
		);
	});

	test("says of the restricted things where to go instead, and fails", () => {
		for (const sentence of [
			"Time is an argument here",
			"fake-tcp is pure: no clock",
			"fake-tcp works on Uint8Array",
			"Commands are run by apps/daemon/src/system/run-command.ts only",
			"Files are touched only in",
			"randomness is an argument in fake-tcp",
			"the environment is read in apps/daemon/src/config/environment.ts only",
		]) {
			expect(planted().text).toContain(sentence);
		}
		expect(planted().exitCode).toBe(1);
	});

	test("lets the one file do what only it may", () => {
		const run = runInPlantedTree(
			{
				"apps/daemon/src/config/environment.ts":
					"export const home = process.env.HOME;\n",
				"apps/daemon/src/system/run-command.ts":
					'import { spawn } from "node:child_process";\n\nexport const start = spawn;\n',
				"apps/daemon/src/storage/database.ts":
					'import { readFileSync } from "node:fs";\n\nexport const read = readFileSync;\n',
			},
			LINT,
		);
		expect(run.text).not.toMatch(/lint\/|plugin/);
		expect(run.exitCode).toBe(0);
	});
});

describe("check-source-files", () => {
	const planted = lazily(() =>
		runInPlantedTree(treeWith(SOURCE_FILE_PLANTS), CHECK_SOURCE_FILES),
	);

	test("has a planted violation for every rule", () => {
		expect(SOURCE_FILE_PLANTS.map((plant) => plant.rule).sort()).toEqual(
			SOURCE_FILE_RULES.map((rule) => rule.name).sort(),
		);
	});

	test.each(SOURCE_FILE_PLANTS)("$rule is caught in $path", (plant) => {
		expect(planted().text).toContain(`${plant.rule}: ${plant.path}: `);
		expect(planted().exitCode).toBe(1);
	});

	test("passes a file of exactly 400 lines that says what it is for", () => {
		const run = runInPlantedTree(
			{
				"packages/tun/src/long.ts": `// A file of exactly as many lines as are allowed.\n${"\n".repeat(398)}export {};\n`,
			},
			CHECK_SOURCE_FILES,
		);
		expect(run.text).toContain("1 files, 0 violations");
		expect(run.exitCode).toBe(0);
	});

	test("fails on a tree without a source file", () => {
		expect(runInPlantedTree({}, CHECK_SOURCE_FILES).exitCode).toBe(1);
	});
});

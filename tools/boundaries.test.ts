// Every rule about who imports whom catches a violation planted for it, and lets the tree pass that keeps to it.

import { describe, expect, test } from "vitest";
import cruiserConfig from "../.dependency-cruiser.mjs";
import { CLEAN_TREE, lazily, type Plant, treeWith } from "./clean-tree.js";
import { runAtTop, runInPlantedTree } from "./planted-tree.js";

const CHECK_DEPENDENCIES = ["node", "{top}/tools/check-dependencies.mjs"];
const TURBO_BOUNDARIES = ["{top}/node_modules/.bin/turbo", "boundaries"];

const DEPENDENCY_PLANTS: readonly Plant[] = [
	{
		rule: "no-cycles",
		path: "packages/tun/src/left.ts",
		text: 'import "./right.js";\nexport const left = 1;\n',
		beside: { "packages/tun/src/right.ts": 'import "./left.js";\n' },
	},
	{
		rule: "no-orphans",
		path: "packages/tun/src/forgotten.ts",
		text: "export const forgotten = 1;\n",
	},
	{
		rule: "not-resolvable",
		path: "packages/tun/src/broken.ts",
		text: 'import "./nowhere.js";\n',
	},
	{
		rule: "fake-tcp-is-pure",
		path: "packages/fake-tcp/src/wire/clock.ts",
		text: 'import { hrtime } from "node:process";\nexport const now = hrtime;\n',
	},
	{
		rule: "fake-tcp-layers-wire",
		path: "packages/fake-tcp/src/wire/upward.ts",
		text: 'import { table } from "../flow/flow-table.js";\nexport const up = table;\n',
	},
	{
		rule: "fake-tcp-layers-mtu",
		path: "packages/fake-tcp/src/mtu/upward.ts",
		text: 'import { table } from "../flow/flow-table.js";\nexport const up = table;\n',
	},
	{
		rule: "fake-tcp-layers-train",
		path: "packages/fake-tcp/src/train/upward.ts",
		text: 'import { table } from "../flow/flow-table.js";\nexport const up = table;\n',
	},
	...["fragment", "flow", "pmtu", "diagnosis"].map((folder) => ({
		rule: `fake-tcp-layers-${folder}`,
		path: `packages/fake-tcp/src/${folder}/upward.ts`,
		text: 'import type { engine } from "../engine/engine.js";\nexport type Up = typeof engine;\n',
	})),
	{
		rule: "fake-tcp-layers-engine",
		path: "packages/fake-tcp/src/engine/rigged.ts",
		text: 'import { engine } from "../testing/index.js";\nexport const rigged = engine;\n',
	},
	{
		rule: "leaves-know-nothing-of-each-other",
		path: "packages/tun/src/neighbour.ts",
		text: 'import { limit } from "@tunscope/shared";\nexport const l = limit;\n',
	},
	{
		rule: "packages-by-name-only",
		path: "apps/daemon/src/tunnel/deep.ts",
		text: 'import { poller } from "../../../../packages/tun/src/poller.js";\nexport const deep = poller;\n',
	},
	{
		rule: "tests-stay-tests",
		path: "apps/daemon/src/tunnel/rigged.ts",
		text: 'import { engine } from "@tunscope/fake-tcp/testing";\nexport const rigged = engine;\n',
	},
	{
		rule: "web-sees-the-daemon-as-types",
		path: "apps/web/src/features/caller.tsx",
		text: 'import { router } from "../../../daemon/src/api/router";\nexport const Caller = () => <p title="x">{String(router)}</p>;\n',
	},
	{
		rule: "web-sees-the-router-only",
		path: "apps/web/src/features/spy.tsx",
		text: 'import type { manager } from "../../../daemon/src/tunnel/tunnel-manager";\nexport type Spy = typeof manager;\nexport const Box = () => <p title="x" />;\n',
	},
	{
		rule: "web-has-no-device",
		path: "apps/web/src/features/device.ts",
		text: 'import { poller } from "@tunscope/tun";\nexport const device = poller;\n',
	},
	{
		rule: "e2e-uses-built-things",
		path: "e2e/src/peek.ts",
		text: 'import { manager } from "../../apps/daemon/src/tunnel/tunnel-manager.js";\nexport const peek = manager;\n',
	},
	{
		rule: "api-sees-the-tunnel-manager-only",
		path: "apps/daemon/src/live/shortcut.ts",
		text: 'import { worker } from "../tunnel/worker.js";\nexport const shortcut = worker;\n',
		beside: {
			"apps/daemon/src/tunnel/worker.ts": "export const worker = 1;\n",
		},
	},
	{
		rule: "nobody-imports-main",
		path: "apps/daemon/src/cli/again.ts",
		text: 'import { main } from "../main.js";\nexport const again = main;\n',
	},
];

describe("check-dependencies", () => {
	const planted = lazily(() =>
		runInPlantedTree(treeWith(DEPENDENCY_PLANTS), CHECK_DEPENDENCIES),
	);

	test("passes a tree that keeps to the rules, and has read all of it", () => {
		const run = runInPlantedTree(CLEAN_TREE, CHECK_DEPENDENCIES);
		expect(run.text).toContain("13 modules, 11 imports, 0 violations");
		expect(run.exitCode).toBe(0);
	});

	test("has a planted violation for every rule", () => {
		const planted = new Set(DEPENDENCY_PLANTS.map((plant) => plant.rule));
		expect([...planted].sort()).toEqual(
			cruiserConfig.forbidden.map((rule) => rule.name).sort(),
		);
	});

	test.each(DEPENDENCY_PLANTS)("$rule is caught in $path", (plant) => {
		expect(planted().text).toContain(`${plant.rule}: ${plant.path} -> `);
	});

	test("says of every violation where to go instead, and fails", () => {
		for (const rule of cruiserConfig.forbidden) {
			expect(planted().text).toContain(String(rule.comment));
		}
		expect(planted().exitCode).toBe(1);
	});

	test("fails on a tree of which it reads nothing", () => {
		const run = runInPlantedTree({}, CHECK_DEPENDENCIES);
		expect(run.text).toContain("no import was read");
		expect(run.exitCode).toBe(1);
	});

	test("reads this repository: modules and imports by the dozen", () => {
		const counts = /(\d+) modules, (\d+) imports/.exec(
			runAtTop(CHECK_DEPENDENCIES).text,
		);
		expect(Number(counts?.[1])).toBeGreaterThan(50);
		expect(Number(counts?.[2])).toBeGreaterThan(50);
	});
});

describe("turbo boundaries", () => {
	test("passes imports by name that are declared", () => {
		const run = runInPlantedTree(
			{
				"packages/shared/src/index.ts":
					'import { z } from "zod";\nexport const limit = z;\n',
			},
			TURBO_BOUNDARIES,
		);
		expect(run.text).toContain("no issues found");
		expect(run.exitCode).toBe(0);
	});

	test("catches an import that is not declared, and one that leaves its package", () => {
		const run = runInPlantedTree(
			{
				...CLEAN_TREE,
				"packages/tun/src/neighbour.ts":
					'import { limit } from "@tunscope/shared";\nimport { sum } from "../../fake-tcp/src/wire/checksum.js";\nexport const both = [limit, sum];\n',
			},
			TURBO_BOUNDARIES,
		);
		expect(run.text).toContain(
			"cannot import package `@tunscope/shared` because it is not a dependency",
		);
		expect(run.text).toContain("leaves the package");
		expect(run.exitCode).not.toBe(0);
	});
});

describe("knip", () => {
	test("catches an export that nobody uses, and a dependency", () => {
		const run = runInPlantedTree(
			{
				"packages/shared/src/index.ts": 'export { used } from "./limits.js";\n',
				"packages/shared/src/limits.ts":
					"export const used = 1;\nexport const spare = 2;\n",
			},
			["{top}/node_modules/.bin/knip", "--workspace", "packages/shared"],
		);
		expect(run.text).toMatch(/Unused exports.*spare packages\/shared/s);
		expect(run.text).toMatch(/Unused dependencies.*zod packages\/shared/s);
		expect(run.exitCode).toBe(1);
	});
});

describe("sherif", () => {
	test("catches a second version of a dependency", () => {
		const run = runInPlantedTree(
			{
				"packages/shared/package.json": JSON.stringify({
					name: "@tunscope/shared",
					private: true,
					version: "0.0.0",
					type: "module",
					dependencies: { zod: "4.0.0" },
				}),
			},
			["{top}/node_modules/.bin/sherif"],
		);
		expect(run.text).toContain("multiple-dependency-versions");
		expect(run.exitCode).toBe(1);
	});
});

// The tree that keeps to every boundary, and the way to plant violations in it.

import type { CheckerRun, SourceTree } from "./planted-tree.js";

/** A tree that keeps to every rule. */
export const CLEAN_TREE: SourceTree = {
	"packages/fake-tcp/src/wire/checksum.ts": "export const sum = 1;\n",
	"packages/fake-tcp/src/flow/flow-table.ts":
		'import { sum } from "../wire/checksum.js";\nexport const table = sum;\n',
	"packages/fake-tcp/src/engine/engine.ts":
		'import { table } from "../flow/flow-table.js";\nexport const engine = table;\n',
	"packages/fake-tcp/src/index.ts":
		'export { engine } from "./engine/engine.js";\n',
	"packages/fake-tcp/src/testing/index.ts":
		'export { engine } from "../engine/engine.js";\n',
	"packages/tun/src/poller.ts": "export const poller = 1;\n",
	"packages/tun/src/index.ts": 'export { poller } from "./poller.js";\n',
	"packages/shared/src/index.ts": "export const limit = 1;\n",
	"apps/daemon/src/tunnel/tunnel-manager.ts":
		'import { engine } from "@tunscope/fake-tcp";\nimport { poller } from "@tunscope/tun";\nexport const manager = [engine, poller];\n',
	"apps/daemon/src/api/router.ts":
		'import { manager } from "../tunnel/tunnel-manager.js";\nexport const router = manager;\n',
	"apps/daemon/src/main.ts":
		'import { router } from "./api/router.js";\nexport const main = router;\n',
	"apps/web/src/app/page.tsx":
		'import { Card } from "../features/card";\nexport default function Page() {\n\treturn <Card />;\n}\n',
	"apps/web/src/features/card.tsx":
		'import { limit } from "@tunscope/shared";\nexport function Card() {\n\treturn <p title="x">{limit}</p>;\n}\n',
};

export interface Plant {
	readonly rule: string;
	readonly path: string;
	readonly text: string;
	/** A second file that the violation needs. */
	readonly beside?: SourceTree;
}

export function treeWith(plants: readonly Plant[]): SourceTree {
	const tree: Record<string, string> = {};
	for (const plant of plants) {
		Object.assign(tree, plant.beside);
		tree[plant.path] = plant.text;
	}
	return { ...CLEAN_TREE, ...tree };
}

/** Runs once, when the first test asks. */
export function lazily(run: () => CheckerRun): () => CheckerRun {
	let result: CheckerRun | undefined;
	return () => {
		result ??= run();
		return result;
	};
}

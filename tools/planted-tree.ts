// A throw-away source tree for the checkers to read: files by path, with the workspaces of this repository linked by name.

import { spawnSync } from "node:child_process";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("..", import.meta.url));

/** Manifests and configuration that the checkers need beside the planted files. */
const CARRIED_ALONG = [
	"biome.json",
	"turbo.json",
	"knip.json",
	"package.json",
	"package-lock.json",
	"tools/lint",
	"packages/fake-tcp/package.json",
	"packages/shared/package.json",
	"packages/tun/package.json",
	"apps/daemon/package.json",
	"apps/web/package.json",
	"e2e/package.json",
	"bench/package.json",
];

const WORKSPACE_LINKS: Readonly<Record<string, string>> = {
	"fake-tcp": "packages/fake-tcp",
	shared: "packages/shared",
	tun: "packages/tun",
	daemon: "apps/daemon",
};

export type SourceTree = Readonly<Record<string, string>>;

export interface CheckerRun {
	readonly exitCode: number | null;
	/** Standard output and error, white space folded, so that a wrapped message is still one sentence. */
	readonly text: string;
}

/** Writes the tree into a new folder, runs `command` there, removes the folder. Paths in `command` may start with {top}. */
export function runInPlantedTree(
	tree: SourceTree,
	command: readonly string[],
): CheckerRun {
	const folder = mkdtempSync(join(tmpdir(), "tunscope-planted-"));
	try {
		for (const path of CARRIED_ALONG) {
			cpSync(join(TOP, path), join(folder, path), { recursive: true });
		}
		mkdirSync(join(folder, "node_modules/@tunscope"), { recursive: true });
		for (const [name, target] of Object.entries(WORKSPACE_LINKS)) {
			symlinkSync(
				join(folder, target),
				join(folder, "node_modules/@tunscope", name),
			);
		}
		for (const [path, text] of Object.entries(tree)) {
			mkdirSync(dirname(join(folder, path)), { recursive: true });
			writeFileSync(join(folder, path), text);
		}
		return runChecker(folder, command);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** The same command on this repository itself. */
export function runAtTop(command: readonly string[]): CheckerRun {
	return runChecker(TOP, command);
}

function runChecker(cwd: string, command: readonly string[]): CheckerRun {
	const [program = "", ...args] = command.map((word) =>
		word.replace("{top}", TOP.replace(/\/$/, "")),
	);
	const result = spawnSync(program, args, {
		cwd,
		encoding: "utf8",
		timeout: 50_000,
		maxBuffer: 64 * 1024 * 1024,
		env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1" },
	});
	return {
		exitCode: result.status,
		text: `${result.stdout}\n${result.stderr}`.replace(/[ \t]+/g, " "),
	};
}

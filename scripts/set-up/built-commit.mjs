// Another commit's daemon, built in a tree of its own outside of the clone, by its own lock file; kept by commit.

import {
	existsSync,
	mkdirSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { NPM_FLAGS } from "./npm-packages.mjs";
import { lastLines, runProgram } from "./run-program.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { CACHE_FOLDER, TOP_FOLDER } from "./top-folder.mjs";

const COMMITS_FOLDER = join(CACHE_FOLDER, "commits");
/** In the order of their dependencies. */
const WORKSPACES = [
	"packages/shared",
	"packages/fake-tcp",
	"packages/tun",
	"apps/daemon",
];
/** There once everything is built. */
const STAMP = ".tunscope-built";

/**
 * @param {string} revision anything that git takes for a commit
 * @returns {Promise<{ commit: string, folder: string }>} its full hash, and the top folder of the built tree
 * @throws {SetUpError}
 */
export async function ensureBuiltCommit(revision) {
	const commit = await resolveCommit(revision);
	const folder = join(COMMITS_FOLDER, commit);
	if (existsSync(join(folder, STAMP))) return { commit, folder };
	console.log(
		`Building ${commit.slice(0, 12)} once, in ${folder} (a minute or so).`,
	);
	// Under another name until it is whole: a build that was interrupted is not taken for one.
	const unfinished = `${folder}.unfinished`;
	rmSync(unfinished, { recursive: true, force: true });
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(unfinished, { recursive: true });
	await unpack(commit, unfinished);
	await runIn(unfinished, "npm ci", [
		"npm",
		"ci",
		...NPM_FLAGS,
		...WORKSPACES.flatMap((path) => ["--workspace", path]),
	]);
	await runIn(unfinished, "the native addon", [
		"node",
		"packages/tun/scripts/build-native.mjs",
	]);
	for (const workspace of WORKSPACES)
		await runIn(unfinished, workspace, [
			"npm",
			"run",
			"build",
			"--workspace",
			workspace,
		]);
	writeFileSync(join(unfinished, STAMP), `${commit}\n`);
	renameSync(unfinished, folder);
	return { commit, folder };
}

/** @param {string} revision */
async function resolveCommit(revision) {
	const run = await runProgram([
		"git",
		"-C",
		TOP_FOLDER,
		"rev-parse",
		"--verify",
		"--quiet",
		"--end-of-options",
		`${revision}^{commit}`,
	]);
	if (run.exitCode === 0) return run.output.trim();
	throw new SetUpError(
		`--against ${revision}: git knows no such commit here (git log --oneline lists some; a shallow clone has few: git fetch --unshallow).`,
	);
}

/** The commit's files, without a work tree that git would have to remember. @param {string} commit @param {string} folder */
async function unpack(commit, folder) {
	const archive = join(folder, ".archive.tar");
	await runIn(TOP_FOLDER, "git archive", [
		"git",
		"archive",
		"--format=tar",
		`--output=${archive}`,
		commit,
	]);
	await runIn(folder, "tar", ["tar", "-xf", archive]);
	rmSync(archive);
}

/** @param {string} cwd @param {string} what @param {readonly [string, ...string[]]} command */
async function runIn(cwd, what, command) {
	const run = await runProgram(command, {
		cwd,
		heartbeat: what,
		timeLimitMs: 600_000,
	});
	if (run.exitCode === 0) return;
	throw new SetUpError(
		`the other commit could not be built (${what}, in ${cwd}); the last lines were:\n${lastLines(run.output, 12)}`,
	);
}

// Points git at .githooks in this clone; does nothing outside of a git work tree, in CI, or where the user chose other hooks.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { TOP_FOLDER } from "./set-up/top-folder.mjs";

const HOOKS_FOLDER = ".githooks";

/** @param {string[]} args */
function git(args) {
	return spawnSync("git", args, { cwd: TOP_FOLDER, encoding: "utf8" });
}

if (!process.env.CI && existsSync(join(TOP_FOLDER, ".git"))) {
	const chosen = git(["config", "--get", "core.hooksPath"]);
	// 1: not set. Anything else (git missing, a path of the user's own) is left as it is.
	if (chosen.status === 1) git(["config", "core.hooksPath", HOOKS_FOLDER]);
}

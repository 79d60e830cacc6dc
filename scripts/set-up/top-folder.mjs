// Where the repository is, and where things are kept that outlive a clone.

import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone's top folder, without a slash at its end. */
export const TOP_FOLDER = fileURLToPath(
	new URL("../..", import.meta.url),
).replace(/\/$/, "");

/** Rival programs and other Nodes: outside of the clone, so that a fresh clone finds them again. */
export const CACHE_FOLDER = join(
	process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
	"tunscope",
);

// The version of this daemon, as its manifest has it.

import { readFileSync } from "node:fs";
import { z } from "zod";

/** E.g. "1.2.3". */
export function readVersion(): string {
	// The same relative place from src/config and from dist/config.
	const path = new URL("../../package.json", import.meta.url);
	const manifest = z.object({ version: z.string() });
	return manifest.parse(JSON.parse(readFileSync(path, "utf8"))).version;
}

// The version of this daemon, as its manifest has it.

import { readFileSync } from "node:fs";
import { isJsonObject, textOf } from "./json-value.js";

/** E.g. "1.2.3". */
export function readVersion(): string {
	// The same relative place from src/config and from dist/config.
	const path = new URL("../../package.json", import.meta.url);
	const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
	return (
		(isJsonObject(manifest) ? textOf(manifest, "version") : null) ?? "unknown"
	);
}

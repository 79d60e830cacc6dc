// The addon needs no header beyond two npm packages and the system's; a planted violation shows that the check looks.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const script = fileURLToPath(
	new URL("../../scripts/check-native-includes.mjs", import.meta.url),
);
const hasCompiler = spawnSync("c++", ["--version"]).status === 0;
if (!hasCompiler) {
	console.warn("Check of native includes skipped: there is no C++ compiler.");
}

function check(extra: readonly string[], env: NodeJS.ProcessEnv) {
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[script, ...extra],
		{ encoding: "utf8", env },
	);
	return { status, stdout, stderr };
}

describe.skipIf(!hasCompiler)("native includes", () => {
	it("are our own, two packages' and the system's", () => {
		const { status, stdout, stderr } = check([], process.env);
		expect(stderr).toBe("");
		expect(status).toBe(0);
		expect(stdout).toMatch(/^\d{2} native sources checked, 0 foreign/);
	}, 60_000);

	it("are found out when a source takes Node's own headers", () => {
		const folder = mkdtempSync(path.join(tmpdir(), "tunscope-includes-"));
		mkdirSync(path.join(folder, "node"));
		writeFileSync(path.join(folder, "node", "uv.h"), "// planted\n");
		const source = path.join(folder, "planted.cc");
		writeFileSync(source, "#include <node/uv.h>\n");
		const env = { ...process.env, CPATH: folder };
		const { status, stderr } = check([source], env);
		rmSync(folder, { recursive: true });
		expect(status).toBe(1);
		expect(stderr).toContain("planted.cc includes");
	}, 60_000);
});

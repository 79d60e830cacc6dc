#!/usr/bin/env node
// The `tunscope` command: refuses a Node that is too old, in syntax which that Node can parse, then starts the built daemon.

// SIGUSR1 asks a running instance for its status; without a listener Node would open its debugger to the host.
process.on("SIGUSR1", () => undefined);

const EX_UNAVAILABLE = 69; // sysexits.h
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
	console.error(
		`tunscope: Node ${process.versions.node} is too old: install Node 20.19 or newer ("Node versions" in README.md says how).`,
	);
	process.exit(EX_UNAVAILABLE);
}

import("../dist/main.js").catch((error) => {
	const isNotBuilt =
		error.code === "ERR_MODULE_NOT_FOUND" &&
		String(error.message).includes("dist/main.js' imported from");
	if (!isNotBuilt) throw error;
	console.error(
		"tunscope: not built yet: run `npm ci && npm run build` in the clone first.",
	);
	process.exit(EX_UNAVAILABLE);
});

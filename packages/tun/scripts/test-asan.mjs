// Runs the package's whole test suite with an addon built for AddressSanitizer and UndefinedBehaviorSanitizer.

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import {
	buildAddon,
	compiler,
	isCompilerPresent,
	packageFolder,
} from "./native-compiler.mjs";

const sanitizerFlags = [
	"-O1",
	"-g",
	"-fno-omit-frame-pointer",
	"-fsanitize=address,undefined",
	// The vptr check needs RTTI, which the addon does without.
	"-fno-sanitize=vptr",
	"-fno-sanitize-recover=all",
];

/** Why the suite cannot run under the sanitizers here; "" when it can. */
function reasonToSkip(library) {
	if (process.platform !== "linux") {
		return "this is not Linux";
	}
	if (!isCompilerPresent()) {
		return "there is no C++ compiler";
	}
	// The compiler echoes the bare name when it does not have the library.
	return path.isAbsolute(library)
		? ""
		: `${compiler} has no libasan (Debian: apt-get install g++)`;
}

function sanitizerLibrary() {
	const asked = spawnSync(compiler, ["-print-file-name=libasan.so"], {
		encoding: "utf8",
	});
	return asked.status === 0 ? asked.stdout.trim() : "";
}

async function main() {
	const library = sanitizerLibrary();
	const reason = reasonToSkip(library);
	if (reason !== "") {
		console.log(`Sanitizer tests of packages/tun skipped: ${reason}.`);
		return 0;
	}
	const outputFolder = path.join(packageFolder, "build", "asan");
	await buildAddon({ outputFolder, extraFlags: sanitizerFlags });
	const manifest = createRequire(import.meta.url).resolve(
		"vitest/package.json",
	);
	const vitest = path.join(path.dirname(manifest), "vitest.mjs");
	const result = spawnSync(process.execPath, [vitest, "run"], {
		cwd: packageFolder,
		stdio: "inherit",
		env: {
			...process.env,
			LD_PRELOAD: library,
			// Node itself frees nothing at exit. The core's leaks are for the fuzz targets to find.
			ASAN_OPTIONS: "detect_leaks=0:abort_on_error=1",
			UBSAN_OPTIONS: "print_stacktrace=1",
			// Where node-gyp-build looks for this package's binary.
			"@TUNSCOPE/TUN_PREBUILD": outputFolder,
		},
	});
	return result.status ?? 1;
}

process.exitCode = await main();

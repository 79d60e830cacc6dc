// npm's install script: builds the addon if it is not there yet. Never fails an install for want of a compiler.

import { buildAddon, packageFolder, releaseFlags } from "./native-compiler.mjs";

async function main() {
	if (process.platform !== "linux") {
		console.log(
			"@tunscope/tun: the native addon is for Linux only; everything but live tunnels works here without it.",
		);
		return;
	}
	const startedAtMs = Date.now();
	const result = await buildAddon({
		outputFolder: packageFolder,
		extraFlags: releaseFlags,
	});
	if (result === "no-compiler") {
		console.log(
			"@tunscope/tun: no C++ compiler found, so the native addon was not built; install one (Debian: apt-get install g++) and run `npm rebuild @tunscope/tun`.",
		);
		return;
	}
	if (result === "built") {
		const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
		console.log(`@tunscope/tun: native addon built in ${seconds} s.`);
	}
}

try {
	await main();
} catch (error) {
	// A compiler that cannot build it is a defect to report, unlike a machine without one.
	console.error(
		`@tunscope/tun: the native addon could not be built; it needs a C++20 compiler (g++ 11, clang 14 or newer).\n${error.message}`,
	);
	process.exitCode = 1;
}

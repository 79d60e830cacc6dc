// Proves that the addon is built from its own sources, two npm packages and the system's C and C++ headers alone.
// This machine may have Node's headers lying about; a fresh one has not.

import { spawnSync } from "node:child_process";
import path from "node:path";
import {
	compileFlags,
	compiler,
	includeFolders,
	isCompilerPresent,
	packageFolder,
	sourcesOf,
} from "./native-compiler.mjs";

const nativeFolder = path.join(packageFolder, "native");
/** Headers that come with Node, wherever they lie. */
const nodeHeader = /(^|\/)(node|nodejs|include-node)\/|(^|\/)(uv|v8|node)\.h$/;

/** Every file that the preprocessor opens for one source. */
function dependenciesOf(source) {
	const result = spawnSync(compiler, [...compileFlags(source), "-M", source], {
		encoding: "utf8",
	});
	if (result.status !== 0) {
		throw new Error(`${source} cannot be preprocessed:\n${result.stderr}`);
	}
	return result.stdout
		.replaceAll("\\\n", " ")
		.split(/\s+/)
		.slice(1)
		.filter((name) => name !== "")
		.map((name) => path.resolve(name));
}

function isAllowed(source, dependency) {
	const isCore = path.basename(path.dirname(source)) !== "binding";
	const isInside = (folder) => dependency.startsWith(`${folder}/`);
	if (isInside(nativeFolder)) {
		return !isCore || !isInside(path.join(nativeFolder, "binding"));
	}
	if (includeFolders().some(isInside)) {
		return !isCore;
	}
	return !nodeHeader.test(dependency) && !dependency.includes("/node_modules/");
}

function main() {
	if (!isCompilerPresent()) {
		console.log("Check of native includes skipped: there is no C++ compiler.");
		return 0;
	}
	const sources = [
		...sourcesOf("core"),
		...sourcesOf("binding"),
		...process.argv.slice(2).map((name) => path.resolve(name)),
	];
	const offences = sources.flatMap((source) =>
		dependenciesOf(source)
			.filter((dependency) => !isAllowed(source, dependency))
			.map((dependency) => `${source} includes ${dependency}`),
	);
	for (const offence of offences) {
		console.error(
			`${offence}: a fresh machine does not have it. Declare what is needed in native/binding/uv_functions.h.`,
		);
	}
	console.log(
		`${sources.length} native sources checked, ${offences.length} foreign includes.`,
	);
	return offences.length === 0 ? 0 : 1;
}

process.exitCode = main();

// Compiles the addon with the machine's own C++ compiler: no node-gyp, no Python, no download.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const packageFolder = path.dirname(
	path.dirname(fileURLToPath(import.meta.url)),
);
const nativeFolder = path.join(packageFolder, "native");
const requireHere = createRequire(import.meta.url);

export const compiler = process.env.CXX ?? "c++";

const warnings = [
	"-Wall",
	"-Wextra",
	"-Wconversion",
	"-Wshadow",
	"-Wold-style-cast",
	"-Werror",
];

/** What every translation unit is compiled with, core and binding. */
export const languageFlags = [
	"-std=c++20",
	"-fno-exceptions",
	"-fno-rtti",
	...warnings,
];

const addonFlags = [
	...languageFlags,
	"-fPIC",
	"-fvisibility=hidden",
	"-DNAPI_VERSION=8",
	"-DNAPI_DISABLE_CPP_EXCEPTIONS",
];

export const releaseFlags = ["-O2", "-DNDEBUG"];

function folderOf(packageName) {
	return path.dirname(requireHere.resolve(`${packageName}/package.json`));
}

/** The only two folders outside the package that the addon may include from. As system headers: they are not ours to warn about. */
export function includeFolders() {
	return [
		folderOf("node-addon-api"),
		path.join(folderOf("node-api-headers"), "include"),
	];
}

function includeFlags() {
	return includeFolders().flatMap((folder) => ["-isystem", folder]);
}

/** C++ sources of one part of the addon, as absolute paths. */
export function sourcesOf(part) {
	const folder = path.join(nativeFolder, part);
	return readdirSync(folder)
		.filter((name) => name.endsWith(".cc"))
		.sort()
		.map((name) => path.join(folder, name));
}

/** Flags that compile one source; the core gets no include folder at all, so it cannot lean on Node. */
export function compileFlags(source) {
	const isBinding = path.basename(path.dirname(source)) === "binding";
	return isBinding ? [...addonFlags, ...includeFlags()] : addonFlags;
}

export function isCompilerPresent(command = compiler) {
	return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

function fingerprint(extraFlags) {
	const hash = createHash("sha256");
	hash.update(JSON.stringify([addonFlags, extraFlags]));
	for (const part of ["core", "binding"]) {
		const folder = path.join(nativeFolder, part);
		for (const name of readdirSync(folder).sort()) {
			hash.update(name).update(readFileSync(path.join(folder, name)));
		}
	}
	return hash.digest("hex");
}

/** Runs a command; resolves when it succeeds, rejects with its output when it does not. */
export function run(command, commandArguments) {
	return new Promise((resolve, reject) => {
		const child = spawn(command, commandArguments, {
			stdio: ["ignore", "inherit", "pipe"],
		});
		let output = "";
		child.stderr.on("data", (chunk) => {
			output += chunk;
		});
		child.on("error", reject);
		child.on("close", (code) => {
			if (code === 0) {
				resolve();
				return;
			}
			reject(
				new Error(
					`${command} ${commandArguments.join(" ")}\nended with code ${code}:\n${output}`,
				),
			);
		});
	});
}

/** One source that includes all binding sources: napi.h alone takes a compiler seconds, and so is read once. */
function joinedBinding(folder) {
	const joined = path.join(folder, "binding.cc");
	const includes = sourcesOf("binding").map((name) => `#include "${name}"`);
	writeFileSync(joined, `${includes.join("\n")}\n`);
	return { source: joined, flags: [...addonFlags, ...includeFlags()] };
}

async function compileAll(objectFolder, extraFlags) {
	const core = sourcesOf("core").map((source) => ({
		source,
		flags: compileFlags(source),
	}));
	// The longest first, so that no core waits for it at the end.
	const waiting = [joinedBinding(objectFolder), ...core];
	const objects = [];
	async function work() {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const { source, flags } = next;
			const object = path.join(objectFolder, `${path.basename(source)}.o`);
			objects.push(object);
			await run(compiler, [
				...flags,
				...extraFlags,
				"-c",
				source,
				"-o",
				object,
			]);
		}
	}
	await Promise.all(Array.from({ length: availableParallelism() }, work));
	return objects;
}

/**
 * Builds the addon below `outputFolder`, where node-gyp-build looks for it.
 * @returns "fresh" when the binary there was already made from these sources and flags.
 */
export async function buildAddon({ outputFolder, extraFlags }) {
	const target = path.join(
		outputFolder,
		"prebuilds",
		`${process.platform}-${process.arch}`,
	);
	const binary = path.join(target, "tunscope-tun.node");
	const stamp = path.join(target, "tunscope-tun.sha256");
	const wanted = fingerprint(extraFlags);
	if (
		existsSync(binary) &&
		existsSync(stamp) &&
		readFileSync(stamp, "utf8").trim() === wanted
	) {
		return "fresh";
	}
	if (!isCompilerPresent()) {
		return "no-compiler";
	}
	mkdirSync(target, { recursive: true });
	const temporary = mkdtempSync(path.join(target, ".build-"));
	try {
		const objects = await compileAll(temporary, extraFlags);
		const linked = path.join(temporary, "tunscope-tun.node");
		await run(compiler, ["-shared", ...extraFlags, ...objects, "-o", linked]);
		// A rename, so that a process that has the old binary mapped keeps it.
		renameSync(linked, binary);
		writeFileSync(stamp, `${wanted}\n`);
	} finally {
		rmSync(temporary, { recursive: true, force: true });
	}
	return "built";
}

export { packageFolder };

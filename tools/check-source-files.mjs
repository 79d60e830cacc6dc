// Checks what no linter here can: length, name and first line of every source file below the working directory; exit code 1 on a violation.

import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { SOURCE_FILE_RULES } from "./source-file-rules.mjs";

const SOURCE_FOLDERS = ["packages", "apps", "e2e", "bench", "tools", "scripts"];
const SOURCE_EXTENSIONS = new Set([
	".ts",
	".tsx",
	".mjs",
	".cjs",
	".js",
	".cc",
	".h",
]);
const NOT_SOURCE = new Set([
	"node_modules",
	"dist",
	"out",
	".next",
	".turbo",
	"build",
	"prebuilds",
	"test-results",
]);
/** @param {string} folder @returns {string[]} paths of source files, in reading order */
function sourcePaths(folder) {
	/** @type {import("node:fs").Dirent[]} */
	let entries;
	try {
		entries = readdirSync(folder, { withFileTypes: true });
	} catch {
		return []; // A fixture tree need not have every folder.
	}
	return entries
		.sort((left, right) => (left.name < right.name ? -1 : 1))
		.flatMap((entry) => {
			if (NOT_SOURCE.has(entry.name)) return [];
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return sourcePaths(path);
			const isSource =
				entry.isFile() &&
				SOURCE_EXTENSIONS.has(extname(entry.name)) &&
				entry.name !== "next-env.d.ts"; // written by Next
			return isSource ? [path] : [];
		});
}

/** @param {string} path @returns {import("./source-file-rules.mjs").SourceFile} */
function readSourceFile(path) {
	const text = readFileSync(path, "utf8");
	return {
		path,
		name: basename(path).replace(/(\.(test|spec|config|d))?\.[a-z]+$/, ""),
		lines: text.replace(/\n$/, "").split("\n"),
	};
}

const paths = SOURCE_FOLDERS.flatMap(sourcePaths);
let violations = 0;
for (const path of paths) {
	const file = readSourceFile(path);
	for (const rule of SOURCE_FILE_RULES) {
		const finding = rule.finding(file);
		if (finding === null) continue;
		violations += 1;
		console.error(`${rule.name}: ${path}: ${finding}\n    ${rule.teaching}`);
	}
}
if (paths.length === 0) {
	console.error(
		"check-source-files: no source file found. Is this the top folder?",
	);
}
console.log(
	`check-source-files: ${paths.length} files, ${violations} violations`,
);
process.exitCode = violations > 0 || paths.length === 0 ? 1 : 0;

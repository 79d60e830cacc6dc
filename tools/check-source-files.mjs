// Checks what no linter here can: length, name and first line of every source file below the working directory; exit code 1 on a violation.

import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";

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
const MAX_LINES = 400;
const MIN_WORDS_IN_FIRST_LINE = 4;
const EMPTY_NAME =
	/^((.+-)?(utils?|helpers?|common|types|misc)|data|info|handle|process)$/;

/** @typedef {{ path: string, name: string, lines: string[] }} SourceFile */

/** Each rule answers with what is wrong, or null. `teaching` says where to go instead. */
const RULES = [
	{
		name: "file-length",
		teaching:
			"One idea per file: find the seam (parsing and deciding, policy and mechanism, table and reader) and make two files, each with a first line of its own.",
		/** @param {SourceFile} file */
		finding: ({ lines }) =>
			lines.length > MAX_LINES
				? `${lines.length} lines, ${MAX_LINES} are allowed`
				: null,
	},
	{
		name: "empty-name",
		teaching:
			"Such a name says nothing and collects everything. Name the file after its main export: checksum.ts, source-ports.ts, run-command.ts.",
		/** @param {SourceFile} file */
		finding: ({ name }) =>
			EMPTY_NAME.test(name) ? `"${name}" is no name` : null,
	},
	{
		name: "first-line",
		teaching:
			"The first line of a file is a comment that says in one sentence what the file is for. If that takes two sentences, the file has two ideas.",
		/** @param {SourceFile} file */
		finding: ({ path, lines }) => {
			if (/\.test\.tsx?$/.test(path)) return null; // Its name and its first describe() say it.
			const first = lines[0]?.startsWith("#!") ? lines[1] : lines[0];
			const sentence = /^(\/\/|\/\*\*?)\s+(.*)$/.exec(first ?? "")?.[2] ?? "";
			return sentence.split(/\s+/).length < MIN_WORDS_IN_FIRST_LINE
				? "does not begin with a comment in a sentence"
				: null;
		},
	},
	{
		name: "native-name",
		teaching:
			"C++ files are named in snake_case (tun_device.cc), so that one sees from the name on which side of the addon one is.",
		/** @param {SourceFile} file */
		finding: ({ path, name }) =>
			/\.(cc|h)$/.test(path) && !/^[a-z0-9_]+$/.test(name)
				? `"${name}" is not snake_case`
				: null,
	},
];

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

/** @param {string} path @returns {SourceFile} */
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
	for (const rule of RULES) {
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

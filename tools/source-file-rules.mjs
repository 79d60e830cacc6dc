// Rules about a source file as a whole that no linter here can express: its length, its name, its first line.

const MAX_LINES = 400;
const MIN_WORDS_IN_FIRST_LINE = 4;
const EMPTY_NAME =
	/^((.+-)?(utils?|helpers?|common|types|misc)|data|info|handle|process)$/;

/** @typedef {{ path: string, name: string, lines: string[] }} SourceFile */

/** Each rule answers with what is wrong, or null. `teaching` says where to go instead. */
export const SOURCE_FILE_RULES = [
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

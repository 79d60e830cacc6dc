// Takes `--against COMMIT` out of the benchmark's arguments; the rest is the harness's own to read.

import { SetUpError } from "./set-up-error.mjs";

const USAGE =
	"--against wants a commit: npm run bench -- --against COMMIT [--rounds N] [--seconds S] [--profile offload|cut].";

/**
 * @param {readonly string[]} argv
 * @returns {{ revision: string | null, rest: readonly string[] }} null when nothing is to be compared
 * @throws {SetUpError}
 */
export function takeAgainst(argv) {
	const at = argv.findIndex((word) => /^--against(=|$)/.test(word));
	const word = argv[at];
	if (word === undefined) return { revision: null, rest: argv };
	const isOneWord = word.includes("=");
	const revision = isOneWord ? word.slice("--against=".length) : argv[at + 1];
	if (revision === undefined || revision === "" || revision.startsWith("-"))
		throw new SetUpError(USAGE);
	return { revision, rest: argv.toSpliced(at, isOneWord ? 1 : 2) };
}

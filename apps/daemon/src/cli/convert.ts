// `tunscope convert`: command lines and unit files of Phantun and udp2raw in, a configuration file out.

import { text as readAll } from "node:stream/consumers";
import { ConfigFileError } from "../config/config-file-error.js";
import { convertCommands } from "../config/convert/convert-commands.js";
import {
	commandOf,
	type FoundCommands,
	findCommands,
} from "../config/convert/found-command.js";
import { readTextFile } from "../config/load-config-file.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import type { FileQuestion } from "./file-commands.js";

type ConvertQuestion = Extract<FileQuestion, { readonly kind: "convert" }>;

/**
 * The file goes to standard output, what is not in it to standard error.
 * @returns 78 when the file needs a hand before `tunscope up` takes it.
 * @throws ConfigFileError when there is nothing to convert
 */
export async function runConvert(question: ConvertQuestion): Promise<ExitCode> {
	const found = await findWhatToConvert(question);
	if (found.commands.length === 0) {
		throw new ConfigFileError({
			code: "CONFIG_FILE_UNREADABLE",
			problems: [
				"There is no command line of phantun_client, phantun_server or udp2raw in it.",
			],
			whatToDo:
				"Give a unit file, a file of command lines, or one command line after --, like: tunscope convert -- phantun_client -l 127.0.0.1:1234 -r 192.0.2.1:4567",
		});
	}
	const { text, notes, isUsable } = convertCommands(found);
	for (const note of notes) process.stderr.write(`tunscope: ${note}\n`);
	process.stdout.write(text);
	return isUsable ? EXIT.ok : EXIT.config;
}

async function findWhatToConvert({
	sourcePath,
	words,
}: ConvertQuestion): Promise<FoundCommands> {
	const [first = ""] = words;
	// A command line that was quoted as a whole.
	if (words.length === 1 && /\s/.test(first)) return findCommands(first);
	if (words.length > 0) {
		const command = commandOf(words, new Map());
		return { commands: command === null ? [] : [command], notes: [] };
	}
	return findCommands(
		sourcePath === null || sourcePath === "-"
			? await readAll(process.stdin)
			: readTextFile(sourcePath, "unit file or list of command lines"),
	);
}

// The words and options of the commands about configuration files: up, check, convert.

import { LOG_LEVELS, type LogLevel } from "@tunscope/shared/lean";
import { type Command, Option } from "commander";
import {
	CHECK_EXAMPLES,
	CONVERT_EXAMPLES,
	UP_EXAMPLES,
} from "./help-examples.js";

import { anomaliesOption } from "./tunnel-options.js";

export interface FilePaths {
	readonly configPath: string;
	/** Null: what the environment or the file says, or the default. */
	readonly stateDirectory: string | null;
}

export type FileQuestion =
	| (FilePaths & {
			readonly kind: "up";
			/** Null: what the file says. */
			readonly logLevel: LogLevel | null;
			readonly json: boolean;
			readonly anomalies: boolean;
	  })
	| (FilePaths & { readonly kind: "check"; readonly isQuiet: boolean })
	| {
			readonly kind: "convert";
			/** Null: standard input. */
			readonly sourcePath: string | null;
			/** What stood after `--`: a command line to convert; empty when none did. */
			readonly words: readonly string[];
	  };

interface FileFlags {
	readonly config: string;
	readonly stateDir?: string;
	readonly logLevel?: LogLevel;
	readonly json?: true;
	readonly anomalies?: true;
	readonly quiet?: true;
}

const DEFAULT_CONFIG_PATH = "/etc/tunscope/tunscope.yaml";

/** @param wordsBehindDashes what stood after `--`, for `convert`; commander has not seen it. */
export function addFileCommands(
	program: Command,
	wordsBehindDashes: readonly string[],
	onQuestion: (question: FileQuestion) => void,
): void {
	const paths = (flags: FileFlags) => ({
		configPath: flags.config,
		stateDirectory: flags.stateDir ?? null,
	});
	withPaths(program.command("up"))
		.description(
			"Runs all tunnels of a configuration file; SIGHUP reads it again.",
		)
		.addOption(
			new Option(
				"--log-level <level>",
				"least level of log lines, instead of the file's",
			).choices(LOG_LEVELS),
		)
		.option("--json", "structured logs on standard output, also on a terminal")
		.addOption(anomaliesOption())
		.addHelpText("after", UP_EXAMPLES)
		.action((flags: FileFlags) =>
			onQuestion({
				kind: "up",
				...paths(flags),
				logLevel: flags.logLevel ?? null,
				json: flags.json ?? false,
				anomalies: flags.anomalies ?? false,
			}),
		);
	withPaths(program.command("check"))
		.description(
			"Checks a configuration file and says what it would change; changes nothing.",
		)
		.option("-q, --quiet", "only what is wrong with the file")
		.addHelpText("after", CHECK_EXAMPLES)
		.action((flags: FileFlags) =>
			onQuestion({
				kind: "check",
				...paths(flags),
				isQuiet: flags.quiet ?? false,
			}),
		);
	addConvertCommand(program, wordsBehindDashes, onQuestion);
}

function withPaths(command: Command): Command {
	return command
		.helpOption("-h, --help", "print this help")
		.showHelpAfterError(`(tunscope ${command.name()} --help lists all flags)`)
		.option(
			"-c, --config <PATH>",
			"the configuration file",
			DEFAULT_CONFIG_PATH,
		)
		.option(
			"--state-dir <PATH>",
			"folder of what is remembered between starts",
		);
}

function addConvertCommand(
	program: Command,
	wordsBehindDashes: readonly string[],
	onQuestion: (question: FileQuestion) => void,
): void {
	program
		.command("convert")
		.description(
			"Turns command lines and unit files of Phantun and udp2raw into a configuration file.",
		)
		.argument(
			"[FILE]",
			"unit file or list of command lines (default: standard input; after -- one command line stands itself)",
		)
		.helpOption("-h, --help", "print this help")
		.addHelpText("after", CONVERT_EXAMPLES)
		.action((sourcePath: string | undefined) =>
			onQuestion({
				kind: "convert",
				sourcePath: sourcePath ?? null,
				words: wordsBehindDashes,
			}),
		);
}

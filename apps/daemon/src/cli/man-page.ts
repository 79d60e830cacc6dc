// Writes the manual page from the option table and the documents' tables, so that none of them can disagree.

import type { Command, Help } from "commander";

export interface ManPageSources {
	readonly program: Command;
	/** docs/exit-codes.md */
	readonly exitCodes: string;
	/** docs/command-line.md */
	readonly commandLine: string;
}

/** Of the last change of the page's content. */
const PAGE_DATE = "2026-11-23";

/** @returns roff in the man(7) macros */
export function manPage(sources: ManPageSources): string {
	const { program, exitCodes, commandLine } = sources;
	const help = program.createHelp();
	const name = program.name();
	const commands = help
		.visibleCommands(program)
		.filter((command) => command.name() !== "help");
	const lines = [
		`.\\" Made by \`npm run man\` from the option table: edit apps/daemon/src/cli/ instead.`,
		`.TH ${name.toUpperCase()} 1 ${PAGE_DATE} ${name} "User Commands"`,
		".SH NAME",
		`${name} \\- carries UDP over fake TCP`,
		".SH SYNOPSIS",
		...commands.flatMap((command) => [
			`.B ${escaped(help.commandUsage(command))}`,
			".br",
		]),
		`.B ${escaped(`${name} help [command]`)}`,
		".SH DESCRIPTION",
		...paragraph(program.description()),
		".SH COMMANDS",
		...commands.flatMap((command) => commandLines(command, help)),
		".SH SIGNALS",
		...tagged(
			"SIGTERM, SIGINT",
			"ends in order, within two seconds; rules and settings are as before",
		),
		...tagged(
			"SIGHUP",
			"the same, but `tunscope up` reads its configuration again",
		),
		...tagged(
			"SIGUSR1",
			"logs one line per tunnel with its status, and goes on",
		),
		".SH EXIT STATUS",
		...tableRows(exitCodes, "# Exit codes").flatMap(([code = "", ...texts]) =>
			tagged(code, texts.join(": ")),
		),
		".SH ENVIRONMENT",
		...tableRows(commandLine, "## Environment").flatMap(
			([variable = "", meaning = ""]) => tagged(variable, meaning),
		),
		".SH FILES",
		...tagged(
			"/etc/tunscope/tunscope.yaml",
			"the configuration that `tunscope up` reads",
		),
		...tagged(
			"/var/lib/tunscope",
			"which TUN name and addresses each tunnel of `tunscope up` has",
		),
		...tagged(
			"/run/tunscope",
			"settings to put back, and one control socket per process",
		),
		".SH EXAMPLES",
		"In the order in which a tunnel is set up:",
		...exampleLines(afterHelpOf(program)),
	];
	return `${lines.join("\n")}\n`;
}

function commandLines(command: Command, help: Help): readonly string[] {
	return [
		`.SS ${escaped(help.commandUsage(command))}`,
		...paragraph(command.description()),
		...help
			.visibleArguments(command)
			.flatMap((argument) =>
				tagged(help.argumentTerm(argument), help.argumentDescription(argument)),
			),
		...help
			.visibleOptions(command)
			.flatMap((option) =>
				tagged(help.optionTerm(option), help.optionDescription(option)),
			),
		...exampleLines(afterHelpOf(command)),
	];
}

/** What the help says after the options: examples. */
function afterHelpOf(command: Command): string {
	let full = "";
	const { writeOut } = command.configureOutput();
	command.configureOutput({
		writeOut: (text) => {
			full += text;
		},
	});
	command.outputHelp();
	command.configureOutput(writeOut === undefined ? {} : { writeOut });
	return full.slice(command.helpInformation().length);
}

/** Lines that begin with spaces stand as they are, others are text. */
function exampleLines(text: string): readonly string[] {
	const lines = text
		.split("\n")
		.filter((line) => line !== "" && line !== "Examples:");
	return lines.flatMap((line, place) => {
		const isLiteral = line.startsWith(" ");
		const wasLiteral = lines[place - 1]?.startsWith(" ") ?? false;
		const isLast = place === lines.length - 1;
		return [
			...(isLiteral && !wasLiteral ? [".PP", ".nf"] : []),
			...(!isLiteral && !wasLiteral && place === 0 ? [".PP"] : []),
			escaped(line),
			...(isLiteral && (isLast || !lines[place + 1]?.startsWith(" "))
				? [".fi", ...(isLast ? [] : [".PP"])]
				: []),
		];
	});
}

function tagged(term: string, text: string): readonly string[] {
	return [".TP", `.B ${escaped(term)}`, withEmphasis(text)];
}

function paragraph(text: string): readonly string[] {
	return [withEmphasis(text)];
}

/** Markdown's `code` in bold, links as their text. */
function withEmphasis(text: string): string {
	return text
		.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")
		.split("`")
		.map((part, place) =>
			place % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part),
		)
		.join("");
}

/** Characters that roff would take for its own, or turn into typography that cannot be copied. */
function escaped(text: string): string {
	return text
		.replaceAll("\\", "\\e")
		.replaceAll("-", "\\-")
		.replaceAll("'", "\\(aq")
		.replaceAll("`", "\\(ga")
		.replaceAll("^", "\\(ha")
		.replaceAll("~", "\\(ti")
		.replaceAll('"', "\\(dq")
		.replaceAll("–", "\\(en")
		.replaceAll("→", "\\(->")
		.replace(/^([.])/, "\\&$1");
}

/** The cells of the first table below a heading, without its head. */
function tableRows(
	document: string,
	heading: string,
): readonly (readonly string[])[] {
	const section = document.slice(document.indexOf(heading) + heading.length);
	const table = /^\|.*(?:\n\|.*)*/m.exec(section)?.[0] ?? "";
	return table
		.split("\n")
		.slice(2)
		.map((row) =>
			row
				.replaceAll("\\|", "\0")
				.split("|")
				.slice(1, -1)
				.map((cell) => withoutCodeMarks(cell.replaceAll("\0", "|").trim())),
		);
}

/** A cell that is all code is a term, which is bold anyway. */
function withoutCodeMarks(cell: string): string {
	return /^`[^`]+`$/.test(cell) ? cell.slice(1, -1) : cell;
}

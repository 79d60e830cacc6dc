// The configuration file: read, understood, and either taken whole or refused with every problem at its line and column.

import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
	type ConfigFile,
	type ConfigProblem,
	readConfigFile,
	requestsOfFile,
	type TunnelRequest,
} from "@tunscope/shared";
import { LineCounter, parseDocument, type YAMLError } from "yaml";
import { ConfigFileError } from "./config-file-error.js";
import { nearestName } from "./nearest-name.js";
import {
	placeOfKey,
	placeOfOffset,
	placeOfValue,
	type TextPlace,
	type YamlText,
} from "./yaml-places.js";

/** Far beyond any configuration; a wrong path, such as a disk image, must not fill the memory. */
const MAX_FILE_BYTES = 1_048_576;

export interface LoadedConfig {
	readonly path: string;
	readonly logLevel: ConfigFile["log-level"];
	/** Null when the file does not say. */
	readonly stateDirectory: string | null;
	readonly requests: readonly TunnelRequest[];
}

/** @throws ConfigFileError */
export function loadConfigFile(path: string): LoadedConfig {
	return parseConfigFile(readTextFile(path, "configuration file"), path);
}

/**
 * @param path as it stands in messages; relative paths in the file start at its folder.
 * @throws ConfigFileError CONFIG_FILE_INVALID
 */
export function parseConfigFile(source: string, path: string): LoadedConfig {
	const lines = new LineCounter();
	const document = parseDocument(source, {
		lineCounter: lines,
		prettyErrors: false,
		// A key such as [a, b] would make the parser print a warning of its own.
		logLevel: "error",
	});
	const text = { document, lines };
	const at = ({ line, column }: TextPlace) => `${path}:${line}:${column}`;
	const [syntaxError] = document.errors;
	if (syntaxError !== undefined) {
		const place = placeOfOffset(text, syntaxError.pos[0]);
		throw invalid([
			`${at(place)}: ${syntaxSentence(syntaxError, lineAt(source, place))}`,
		]);
	}
	const reading = readConfigFile(plainValue(text, at));
	if (!reading.isValid) {
		const located = reading.problems
			.map((problem) => ({ problem, place: placeOfProblem(text, problem) }))
			.sort(
				({ place: one }, { place: other }) =>
					one.line - other.line || one.column - other.column,
			);
		throw invalid(
			located.map(
				({ place, problem }) => `${at(place)}: ${sentenceOf(text, problem)}`,
			),
		);
	}
	const { file } = reading;
	return {
		path,
		logLevel: file["log-level"],
		stateDirectory: file["state-dir"] ?? null,
		requests: requestsOfFile(file, (name) => resolve(dirname(path), name)),
	};
}

/** @param what names the kind of file in a message. @throws ConfigFileError CONFIG_FILE_UNREADABLE */
export function readTextFile(path: string, what: string): string {
	const failed = (reason: string, cause?: unknown) =>
		new ConfigFileError(
			{
				code: "CONFIG_FILE_UNREADABLE",
				problems: [`The ${what} ${path} cannot be read (${reason}).`],
				whatToDo: "Give the path of a text file that this user may read.",
			},
			{ cause },
		);
	try {
		if (statSync(path).size > MAX_FILE_BYTES)
			throw failed(`it has more than ${MAX_FILE_BYTES} bytes`);
		return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
	} catch (error) {
		if (error instanceof ConfigFileError) throw error;
		throw failed(error instanceof Error ? error.message : String(error), error);
	}
}

/** Aliases are resolved here, so a wrong one shows up here. */
function plainValue(text: YamlText, at: (place: TextPlace) => string): unknown {
	try {
		return text.document.toJS({ maxAliasCount: 100 });
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		throw invalid([`${at({ line: 1, column: 1 })}: ${error.message}`]);
	}
}

function invalid(problems: readonly string[]): ConfigFileError {
	return new ConfigFileError({
		code: "CONFIG_FILE_INVALID",
		problems,
		whatToDo: "docs/configuration.md lists every key.",
	});
}

function syntaxSentence({ code, message }: YAMLError, line: string): string {
	if (code === "DUPLICATE_KEY") return "This key stands here a second time.";
	if (code === "TAB_AS_INDENT")
		return "YAML is indented with spaces, not with tabs.";
	if (code === "MULTIPLE_DOCS")
		return "The file holds a second document (---); one is read.";
	return /\[[\da-fA-F:]*\]:/.test(line)
		? `Put an address in brackets into quotes, like "[::1]:51821", or YAML takes it for a list.`
		: `This is no YAML: ${message}.`;
}

function lineAt(source: string, { line }: TextPlace): string {
	return source.split("\n")[line - 1] ?? "";
}

function placeOfProblem(text: YamlText, problem: ConfigProblem): TextPlace {
	return problem.kind === "wrong-value"
		? placeOfValue(text, problem.path)
		: placeOfKey(text, problem.path);
}

function sentenceOf(text: YamlText, problem: ConfigProblem): string {
	const { path } = problem;
	const key = path.at(-1) ?? "";
	const owner = path.length < 3 ? "this file" : `tunnel ${String(path[1])}`;
	switch (problem.kind) {
		case "unknown-key":
			return [
				`"${key}" is no key of ${path.length < 3 ? "this file" : "a tunnel"}.`,
				...meant(String(key), problem.choices),
				`Allowed: ${problem.choices.join(", ")}.`,
			].join(" ");
		case "missing-key":
			return `"${key}" is missing in ${owner}; allowed: ${problem.allowed}.`;
		case "wrong-value":
			return wrongValueSentence(text, problem);
	}
}

function wrongValueSentence(
	text: YamlText,
	{
		path,
		sentence,
		choices,
	}: Extract<ConfigProblem, { readonly kind: "wrong-value" }>,
): string {
	const written = path.length === 0 ? undefined : text.document.getIn(path);
	const name = path
		.slice(path.length < 3 ? 0 : 2)
		.map((step) => (typeof step === "number" ? `(item ${step + 1})` : step))
		.join(" ");
	const about =
		name === ""
			? []
			: written === null
				? [`${name} has no value.`]
				: typeof written === "object" || written === undefined
					? [`${name}:`]
					: [`${name}: ${JSON.stringify(written)} is wrong.`];
	const nearest = typeof written === "string" ? meant(written, choices) : [];
	return [...about, ...nearest, sentence].join(" ");
}

function meant(written: string, choices: readonly string[]): string[] {
	const nearest = nearestName(written, choices);
	return nearest === null ? [] : [`Did you mean ${nearest}?`];
}

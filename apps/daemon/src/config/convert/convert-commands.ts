// From command lines of Phantun and udp2raw to the text of a configuration file, and to sentences about what is not in it.

import { Document, isMap, isScalar } from "yaml";
import { ConfigFileError } from "../config-file-error.js";
import { parseConfigFile } from "../load-config-file.js";
import { applyFlags, createDraft, type Draft } from "./flag-table.js";
import type { FoundCommand, FoundCommands } from "./found-command.js";
import { applyRustLog, PHANTUN_FLAGS } from "./phantun-flags.js";
import { finishUdp2raw, UDP2RAW_FLAGS } from "./udp2raw-flags.js";

export interface Conversion {
	readonly text: string;
	/** What could not be carried over, or is still wrong; a sentence or two each. */
	readonly notes: readonly string[];
	/** False when the text is not yet a configuration that `tunscope up` takes; the notes say what is missing. */
	readonly isUsable: boolean;
}

/** In this order in the file, whatever order the flags had. */
const KEY_ORDER = ["local", "remote"];

export function convertCommands({
	commands,
	notes,
}: FoundCommands): Conversion {
	const drafts = commands.map(draftOf);
	const names = namesOf(drafts);
	const tunnels = Object.fromEntries(
		drafts.map((draft, place) => [names[place] ?? "", entryOf(draft)]),
	);
	const logLevels = [
		...new Set(drafts.flatMap(({ logLevel }) => logLevel ?? [])),
	];
	const document = new Document({
		...(logLevels[0] === undefined ? {} : { "log-level": logLevels[0] }),
		tunnels,
	});
	document.commentBefore =
		" Converted by `tunscope convert`. Check it with `tunscope check -c FILE`.";
	comment(document, drafts, names);
	const text = document.toString({ lineWidth: 0 });
	const tunnelNotes = drafts.flatMap((draft, place) =>
		draft.notes.map((note) => `${names[place]}: ${note}`),
	);
	const problems = stillWrong(text);
	return {
		text,
		notes: [...tunnelNotes, ...notes, ...problems],
		isUsable: problems.length === 0,
	};
}

function draftOf({ program, flags, environment }: FoundCommand): Draft {
	if (program === "udp2raw") {
		const draft = createDraft(null);
		applyFlags(draft, flags, UDP2RAW_FLAGS);
		finishUdp2raw(draft);
		return draft;
	}
	const draft = createDraft(program === "phantun-client" ? "client" : "server");
	applyFlags(draft, flags, PHANTUN_FLAGS);
	const rustLog = environment.get("RUST_LOG");
	if (rustLog !== undefined) applyRustLog(draft, rustLog);
	return draft;
}

function entryOf({ role, keys }: Draft): Record<string, unknown> {
	const ordered = [
		...KEY_ORDER.filter((key) => keys.has(key)),
		...[...keys.keys()].filter((key) => !KEY_ORDER.includes(key)),
	];
	return {
		...(role === null ? {} : { role }),
		...Object.fromEntries(ordered.map((key) => [key, keys.get(key)])),
	};
}

/** As the command line names them: client_51821; a second one of that name gets _2. */
function namesOf(drafts: readonly Draft[]): readonly string[] {
	const names: string[] = [];
	for (const { role, keys } of drafts) {
		const port = /(\d+)$/.exec(String(keys.get("local") ?? ""))?.[1];
		const base = [role ?? "tunnel", ...(port === undefined ? [] : [port])].join(
			"_",
		);
		let name = base;
		for (let number = 2; names.includes(name); number += 1)
			name = `${base}_${number}`;
		names.push(name);
	}
	return names;
}

/** What is not carried over stands above its tunnel, where whoever edits the file sees it. */
function comment(
	document: Document,
	drafts: readonly Draft[],
	names: readonly string[],
): void {
	const tunnels = document.get("tunnels");
	if (!isMap(tunnels)) return;
	for (const { key } of tunnels.items) {
		if (!isScalar(key)) continue;
		const notes = drafts[names.indexOf(String(key.value))]?.notes ?? [];
		if (notes.length > 0)
			key.commentBefore = notes.map((note) => ` ${note}`).join("\n");
	}
}

function stillWrong(text: string): readonly string[] {
	try {
		parseConfigFile(text, "the converted file");
		return [];
	} catch (error) {
		if (!(error instanceof ConfigFileError)) throw error;
		return error.problems;
	}
}

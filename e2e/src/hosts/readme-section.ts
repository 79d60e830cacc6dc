// README's deployment section as data: its code blocks in order, each with the words before it, and the files it writes.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Sources and `dist` of this package lie equally deep. */
export const CLONE = fileURLToPath(new URL("../../../", import.meta.url));

export interface CodeBlock {
	/** "sh", "ini" … */
	readonly language: string;
	/** The bold words that open the block's step, e.g. "On the server". */
	readonly step: string;
	readonly text: string;
}

/** @throws Error when the section is not there. */
export function deploymentBlocks(): readonly CodeBlock[] {
	const readme = readFileSync(`${CLONE}README.md`, "utf8");
	const section = /^## Deploy it\n([\s\S]*?)^## /m.exec(readme)?.[1];
	if (section === undefined) throw new Error('README has no "## Deploy it"');
	const blocks: CodeBlock[] = [];
	let step = "";
	let end = 0;
	for (const match of section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
		const prose = section.slice(end, match.index);
		step = [...prose.matchAll(/\*\*\d+\. ([^*]+)\*\*/g)].at(-1)?.[1] ?? step;
		const [whole, language = "", text = ""] = match;
		blocks.push({ language, step, text });
		end = match.index + whole.length;
	}
	return blocks;
}

/** The commands of a block, in order; one that writes a file by a here-document is one command. */
export function commandsOf({ text }: CodeBlock): readonly string[] {
	const commands: string[] = [];
	let here: string | null = null;
	for (const line of text.split("\n")) {
		if (here !== null) {
			commands.push(`${commands.pop() ?? ""}\n${line}`);
			if (line === here) here = null;
			continue;
		}
		if (line.trim() === "" || line.startsWith("#")) continue;
		commands.push(line);
		here = /<<\s*'?(\w+)'?\s*$/.exec(line)?.[1] ?? null;
	}
	return commands;
}

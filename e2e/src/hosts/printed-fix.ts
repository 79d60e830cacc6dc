// What a daemon says when rules of the host are in its way: the sentences, and the commands that it prints in backticks.

import { z } from "zod";
import type { LabProcess } from "../netlab/lab-process.js";
import type { Namespace } from "../netlab/namespace.js";
import { waitUntil } from "../netlab/wait-until.js";

export interface PrintedFix {
	/** Every sentence of the kind so far. */
	readonly sentences: readonly string[];
	/** For a root shell, one after another. */
	readonly commands: readonly string[];
}

const warning = z.looseObject({ level: z.literal(40), msg: z.string() });
/** The commands stand in backticks behind one of these words, joined as a shell joins them. */
const COMMANDS = /(?:Let it through|give it this one): `([^`]+)`/;

/**
 * Waits until the daemon has named at least this many commands.
 * @throws Error with everything it said instead
 */
export function printedFix(
	running: LabProcess,
	wanted: { readonly commands: number; readonly deadlineMs: number },
): Promise<PrintedFix> {
	const { deadlineMs } = wanted;
	return waitUntil(
		() => {
			const fix = readFix(running.stdout());
			return fix.commands.length >= wanted.commands && fix;
		},
		{ what: "a cause and its fix in the daemon's output", deadlineMs },
	).catch((error: unknown) => {
		throw new Error(
			`the daemon names no such fix; it said:\n${running.stdout()}${running.stderr()}`,
			{ cause: error },
		);
	});
}

/** Line by line, as an operator who copies them. */
export async function applyFix(
	namespace: Namespace,
	fix: PrintedFix,
): Promise<void> {
	for (const command of fix.commands)
		await namespace.run(["sh", "-ec", command]);
}

function readFix(output: string): PrintedFix {
	const sentences = output.split("\n").flatMap((text) => {
		const line = warning.safeParse(parseOrNull(text));
		return line.success && COMMANDS.test(line.data.msg) ? [line.data.msg] : [];
	});
	const commands = sentences.flatMap(
		(sentence) => COMMANDS.exec(sentence)?.[1]?.split(" && ") ?? [],
	);
	// Said again later, with what its counters prove: nobody would run them twice.
	return { sentences, commands: [...new Set(commands)] };
}

function parseOrNull(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Cut in the middle: the rest has not come yet.
		return null;
	}
}

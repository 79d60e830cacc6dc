// What a daemon says about the host when something of the host is in the way: the sentence, and the commands it prints.

import { z } from "zod";
import type { LabProcess } from "../netlab/lab-process.js";
import type { Namespace } from "../netlab/namespace.js";
import { waitUntil } from "../netlab/wait-until.js";

export interface PrintedFix {
	/** Names the cause. */
	readonly sentence: string;
	/** To be run by a shell as root, one after another. */
	readonly commands: readonly string[];
}

const fixLine = z.looseObject({
	msg: z.string(),
	fix: z.array(z.string()).min(1),
});

/** @throws DeadlineError when the daemon says nothing of the kind. */
export function printedFix(
	running: LabProcess,
	deadlineMs: number,
): Promise<PrintedFix> {
	return waitUntil(() => findFix(running.stdout()), {
		what: `a cause and its fix in the daemon's output`,
		deadlineMs,
	}).catch((error: unknown) => {
		throw new Error(
			`the daemon names no fix; it said:\n${running.stdout()}${running.stderr()}`,
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

function findFix(output: string): PrintedFix | null {
	for (const text of output.split("\n")) {
		if (!text.startsWith("{")) continue;
		const line = fixLine.safeParse(parseOrNull(text));
		if (line.success)
			return { sentence: line.data.msg, commands: line.data.fix };
	}
	return null;
}

function parseOrNull(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Cut in the middle: the rest has not come yet.
		return null;
	}
}

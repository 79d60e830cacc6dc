// A terminal that was closed under a running process: its descriptors are exchanged for /dev/null.

import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";

const STANDARD_DESCRIPTORS = [0, 1, 2] as const;

/**
 * Remembers which of the standard descriptors are a terminal now. @returns a function that says whether the terminal
 * has gone since, and if so puts /dev/null in its place: at its end Node restores the settings of the terminals it was
 * started on, and aborts when one of them has gone (ResetStdio in src/node.cc).
 */
export function watchTerminal(): () => boolean {
	const terminals = STANDARD_DESCRIPTORS.filter((fd) => isatty(fd));
	let isGone = false;
	return () => {
		if (isGone) return true;
		const lost = terminals.filter((fd) => !isatty(fd));
		for (const fd of lost) {
			closeSync(fd);
			// The lowest free number is the one just closed.
			openSync("/dev/null", "r+");
		}
		isGone = lost.length > 0;
		return isGone;
	};
}

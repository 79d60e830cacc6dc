// Standard output written at once: what was said before an exit is not lost, and what goes wrong is the writer's to know.

import { writeSync } from "node:fs";

const STANDARD_OUTPUT = 1;

/** @throws the system's error: EPIPE when nobody reads any more, EAGAIN when a pipe is full that does not block */
export function writeToStandardOutput(text: string): void {
	writeSync(STANDARD_OUTPUT, text);
}

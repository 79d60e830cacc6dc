// What a daemon with --anomalies has printed: each line held against the contract's schema.

import { type AnomalyLine, anomalyLineSchema } from "@tunscope/shared";
import type { LabProcess } from "../netlab/lab-process.js";

/** @throws what zod says of a line that is no anomaly: standard output has nothing else. */
export function anomalyLines(running: LabProcess): AnomalyLine[] {
	return running
		.stdout()
		.split("\n")
		.slice(0, -1)
		.map((line) => anomalyLineSchema.parse(JSON.parse(line)));
}

// How much of the machine strangers used during a figure's runs: the reader's measure of how far to trust it.

import { availableParallelism } from "node:os";
import type { StreamOutcome } from "../lab/stream-run.js";
import type { SeriesByColumn } from "./interleave.js";

export function noiseNote(series: SeriesByColumn<StreamOutcome>): string {
	const all = [...series.values()].flatMap(({ samples }) => samples);
	const strangersMs = all.reduce((sum, sample) => sum + sample.strangersMs, 0);
	const elapsedMs = all.reduce((sum, sample) => sum + sample.elapsedMs, 0);
	const share = strangersMs / (elapsedMs * availableParallelism());
	return `CPU time that neither tunnel, generator nor sink account for (strangers, and interrupts): ${(share * 100).toFixed(0)} % of the machine.`;
}

// --anomalies: every anomaly as one line of JSON on standard output, until nobody reads it any more.

import {
	type AnomalyLanguage,
	createAnomalyLines,
} from "../anomaly/anomaly-lines.js";
import type { AnomalyRing } from "../anomaly/anomaly-ring.js";
import type { Logger } from "../observability/logger.js";
import { writeToStandardOutput } from "../system/standard-output.js";
import { errnoNameOf } from "../system/system-error.js";

export interface AnomalyOutputParts {
	readonly toLine: Awaited<ReturnType<typeof createAnomalyLines>>;
	readonly logger: Logger;
	/** Writes all of the text or throws the system's error; tests have their own. */
	readonly write: (text: string) => void;
}

export class AnomalyOutput {
	readonly #parts: AnomalyOutputParts;
	/** Lines that a reader was too slow for, since the last one that was written. */
	#lost = 0;
	#isClosed = false;

	constructor(parts: AnomalyOutputParts) {
		this.#parts = parts;
	}

	static async create(
		language: AnomalyLanguage,
		logger: Logger,
	): Promise<AnomalyOutput> {
		const toLine = await createAnomalyLines(language);
		return new AnomalyOutput({ toLine, logger, write: writeToStandardOutput });
	}

	/** Prints the ring's later anomalies. */
	follow(ring: AnomalyRing): void {
		const { toLine } = this.#parts;
		ring.subscribe((events) => {
			for (const event of events) this.#print(toLine(event));
		});
	}

	#print(line: string): void {
		if (this.#isClosed) return;
		const { write, logger } = this.#parts;
		try {
			write(line);
		} catch (error) {
			// A pipe that is full: its reader can tell from the gap in the serial numbers.
			if (errnoNameOf(error) === "EAGAIN") this.#lost++;
			else this.#close(error);
			return;
		}
		if (this.#lost === 0) return;
		logger.warn(
			{ event: "anomalies-lost", count: this.#lost },
			`${this.#lost} lines of --anomalies were lost: their reader was too slow`,
		);
		this.#lost = 0;
	}

	/** A reader that has gone is no reason to end a tunnel. */
	#close(error: unknown): void {
		this.#isClosed = true;
		const reason = error instanceof Error ? error.message : String(error);
		this.#parts.logger.warn(
			{ event: "anomalies-closed", reason },
			`anomalies are no longer printed: ${reason}`,
		);
	}
}

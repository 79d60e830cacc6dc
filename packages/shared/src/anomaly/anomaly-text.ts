// The sentences about an anomaly, with its numbers put in.

import type { AnomalyCode, AnomalyParameterValues } from "./anomaly-codes.js";

/** What an operator reads about one code. `{name}` stands for the parameter of that name. */
export interface AnomalySentences {
	readonly happened: string;
	readonly means: string;
	/** The fix, as exactly as it can be said; or that nothing needs doing. */
	readonly whatToDo: string;
}

export type AnomalyCatalogue = Readonly<Record<AnomalyCode, AnomalySentences>>;

/** @param unknown the word for a value that is not known. */
export function filledIn(
	sentences: AnomalySentences,
	parameters: AnomalyParameterValues,
	unknown: string,
): AnomalySentences {
	const fill = (template: string) =>
		template.replace(/\{(\w+)\}/g, (_, name: string) =>
			String(parameters[name] ?? unknown),
		);
	return {
		happened: fill(sentences.happened),
		means: fill(sentences.means),
		whatToDo: fill(sentences.whatToDo),
	};
}

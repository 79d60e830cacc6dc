// Anomalies as lines of JSON, with their sentences in the operator's language: what --anomalies prints.

import type { AnomalyEvent, AnomalyLine } from "@tunscope/shared/lean";

export type AnomalyLanguage = AnomalyLine["text"]["language"];

/** What turns an event into a line; loads the sentences. */
export async function createAnomalyLines(
	language: AnomalyLanguage,
): Promise<(event: AnomalyEvent) => string> {
	const { anomalySentences } = await import(
		"@tunscope/shared/anomaly-catalogue"
	);
	return (event) => {
		const line: AnomalyLine = {
			...event,
			text: {
				language,
				...anomalySentences(language, event.code, event.parameters),
			},
		};
		return `${JSON.stringify(line)}\n`;
	};
}

// The catalogue of anomalies: what happened, what it means, what to do, in English and Simplified Chinese. Loaded by who shows sentences only.

import type { AnomalyCode, AnomalyParameterValues } from "./anomaly-codes.js";
import {
	type AnomalyCatalogue,
	type AnomalySentences,
	filledIn,
} from "./anomaly-text.js";
import { CHINESE_FLOWS } from "./chinese-flows.js";
import { CHINESE_HOST } from "./chinese-host.js";
import { CHINESE_PACKETS } from "./chinese-packets.js";
import { ENGLISH_FLOWS } from "./english-flows.js";
import { ENGLISH_HOST } from "./english-host.js";
import { ENGLISH_PACKETS } from "./english-packets.js";

export type { AnomalySentences } from "./anomaly-text.js";

/** BCP 47 tags. */
export type AnomalyLanguage = "en" | "zh-CN";

export const ANOMALY_CATALOGUE: Readonly<
	Record<AnomalyLanguage, AnomalyCatalogue>
> = {
	en: { ...ENGLISH_PACKETS, ...ENGLISH_FLOWS, ...ENGLISH_HOST },
	"zh-CN": { ...CHINESE_PACKETS, ...CHINESE_FLOWS, ...CHINESE_HOST },
};

const UNKNOWN: Readonly<Record<AnomalyLanguage, string>> = {
	en: "(unknown)",
	"zh-CN": "（未知）",
};

/** The sentences of one event, numbers put in. */
export function anomalySentences(
	language: AnomalyLanguage,
	code: AnomalyCode,
	parameters: AnomalyParameterValues,
): AnomalySentences {
	return filledIn(
		ANOMALY_CATALOGUE[language][code],
		parameters,
		UNKNOWN[language],
	);
}

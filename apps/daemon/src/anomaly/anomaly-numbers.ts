// Codes of anomalies as numbers, for the worker: drop reasons first, then the engine's notices, then the daemon's own.

import {
	DROP_REASON_COUNT,
	DROP_REASON_ROWS,
	ENGINE_NOTICES,
	invariant,
} from "@tunscope/fake-tcp";
import {
	type AnomalyCode,
	DAEMON_ANOMALY_CODES,
	type DaemonAnomalyCode,
	isAnomalyCode,
} from "@tunscope/shared/lean";

export const NOTICES_START = DROP_REASON_COUNT;
const DAEMON_CODES_START = NOTICES_START + ENGINE_NOTICES.length;

/** By number; null for what is counted but no anomaly. */
export const CODE_BY_NUMBER: readonly (AnomalyCode | null)[] = [
	...DROP_REASON_ROWS.map(({ name }) => name),
	...ENGINE_NOTICES,
	...DAEMON_ANOMALY_CODES,
].map((name) => (isAnomalyCode(name) ? name : null));

export const ANOMALY_NUMBER_COUNT = CODE_BY_NUMBER.length;

export function numberOfDaemonCode(code: DaemonAnomalyCode): number {
	const place = DAEMON_ANOMALY_CODES.indexOf(code);
	invariant(place >= 0, `${code} is a code of the daemon`);
	return DAEMON_CODES_START + place;
}

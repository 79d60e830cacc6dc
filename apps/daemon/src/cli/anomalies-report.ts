// `tunscope anomalies` on a terminal: a line for each code and flow, and below it what happened, what it means, what to do.

import type { AnomalySentences } from "@tunscope/shared/anomaly-catalogue";
import { ANOMALY_SEVERITIES, type AnomalyEvent } from "@tunscope/shared/lean";
import { formatWhole } from "./format-quantity.js";
import {
	renderLine,
	type Style,
	span,
	type TextLine,
} from "./terminal-text.js";
import { wrapToColumns } from "./wrap-to-columns.js";

export interface AnomaliesScreen {
	readonly columns: number;
	readonly hasColour: boolean;
	/** In the operator's language, numbers put in. */
	readonly sentencesOf: (event: AnomalyEvent) => AnomalySentences;
}

const STYLES: Readonly<Record<AnomalyEvent["severity"], Style>> = {
	info: "faint",
	note: "accent",
	warn: "warning",
	error: "bad",
};
const INDENT = "    ";
const MIN_COLUMNS = 20;

/** All events of one tunnel, code and flow. */
interface Row {
	readonly last: AnomalyEvent;
	readonly firstAt: string;
	readonly count: number;
}

/** @returns lines, each with its newline; the most recent come last. */
export function renderAnomalies(
	events: readonly AnomalyEvent[],
	screen: AnomaliesScreen,
): string {
	return rowsOf(events)
		.flatMap((row, place) => [
			...(place === 0 ? [] : [[]]),
			...rowLines(row, screen),
		])
		.map((line) => `${renderLine(line, uncut(screen))}\n`)
		.join("");
}

/** One that has just come: its line, and what happened. */
export function renderNewAnomaly(
	event: AnomalyEvent,
	screen: AnomaliesScreen,
): string {
	const { happened } = screen.sentencesOf(event);
	const lines = [
		headLine({
			last: event,
			firstAt: event.firstSeen.at,
			count: countOf(event),
		}),
		...textLines(happened, screen.columns, "plain"),
	];
	return lines.map((line) => `${renderLine(line, uncut(screen))}\n`).join("");
}

function rowsOf(events: readonly AnomalyEvent[]): readonly Row[] {
	const rows = new Map<string, Row>();
	for (const event of events) {
		const key = JSON.stringify([event.tunnel, event.code, event.flow]);
		const before = rows.get(key);
		rows.set(key, {
			last: event,
			firstAt: before?.firstAt ?? event.firstSeen.at,
			count: (before?.count ?? 0) + countOf(event),
		});
	}
	return [...rows.values()].sort(
		(one, other) =>
			one.last.lastSeen.monotonicMs - other.last.lastSeen.monotonicMs,
	);
}

function countOf({ count, notKept }: AnomalyEvent): number {
	return count + notKept;
}

function rowLines(row: Row, screen: AnomaliesScreen): readonly TextLine[] {
	const { happened, means, whatToDo } = screen.sentencesOf(row.last);
	return [
		headLine(row),
		...textLines(happened, screen.columns, "plain"),
		...textLines(means, screen.columns, "faint"),
		...textLines(whatToDo, screen.columns, "plain"),
	];
}

const SEVERITY_WIDTH = Math.max(
	...ANOMALY_SEVERITIES.map(({ length }) => length),
);

function headLine({ last, firstAt, count }: Row): TextLine {
	const { severity, tunnel, code, flow, lastSeen } = last;
	const lastTime = timeOfDay(lastSeen.at);
	const firstTime = timeOfDay(firstAt);
	const times = firstTime === lastTime ? lastTime : `${firstTime}–${lastTime}`;
	return [
		span(severity.padEnd(SEVERITY_WIDTH), STYLES[severity]),
		span(`  ${tunnel}  `),
		span(code, "strong"),
		span(`  ${formatWhole(count)}×  ${times}`),
		...(flow === null ? [] : [span(`  ${flow.peer}`, "faint")]),
	];
}

function textLines(
	text: string,
	columns: number,
	style: Style,
): readonly TextLine[] {
	const room = Math.max(MIN_COLUMNS, columns - INDENT.length);
	return wrapToColumns(text, room).map((line) => [
		span(INDENT),
		span(line, style),
	]);
}

/** Local time, as the operator's clock shows it. */
function timeOfDay(at: string): string {
	const date = new Date(at);
	return [date.getHours(), date.getMinutes(), date.getSeconds()]
		.map((part) => String(part).padStart(2, "0"))
		.join(":");
}

/** Sentences are wrapped, nothing is cut: who asks wants to know. */
function uncut({ hasColour }: AnomaliesScreen) {
	return { hasColour, columns: Number.POSITIVE_INFINITY };
}

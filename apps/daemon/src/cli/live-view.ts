// The one-screen view of a running tunnel, as a pure function from its state to text.

import { DROP_REASON_ROWS, payloadLimitBytes } from "@tunscope/fake-tcp";
import type { TunnelConfig } from "@tunscope/shared/lean";
import type { TunOffloads } from "@tunscope/tun";
import { stateInWords } from "../observability/state-words.js";
import type {
	DirectionRates,
	TrafficRates,
} from "../observability/traffic-rates.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import type { TunnelState } from "../tunnel/tunnel-event.js";
import type { FlowDescription } from "../tunnel/worker-protocol.js";
import {
	formatBitRate,
	formatBytes,
	formatCount,
	formatDuration,
	formatWhole,
} from "./format-quantity.js";
import {
	HEALTH_STYLES,
	renderLine,
	span,
	type TextLine,
	wrapWords,
} from "./terminal-text.js";

export interface LiveViewState {
	readonly role: TunnelConfig["role"];
	/** "127.0.0.1:51821", or a server's "port 4567". */
	readonly listen: string;
	/** As configured, e.g. "vpn.example.net:4567". */
	readonly remote: string;
	/** Family of the fake-TCP path: decides the headers' size. */
	readonly pathFamily: 4 | 6;
	readonly state: TunnelState;
	readonly tunName: string;
	readonly offloads: TunOffloads | null;
	readonly sample: CounterSample;
	readonly rates: TrafficRates;
	/** Bits per second of earlier seconds, oldest first. */
	readonly history: {
		readonly sent: readonly number[];
		readonly received: readonly number[];
	};
	readonly flows: readonly FlowDescription[];
	readonly uptimeMs: number;
}

export interface LiveScreenSize {
	readonly columns: number;
	readonly rows: number;
	readonly hasColour: boolean;
}

const MAX_DROP_LINES = 8;
const HINT: TextLine = [
	span(
		" Ctrl-C ends the tunnel and undoes what it changed on this host",
		"faint",
	),
];
const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** @returns at most `rows` lines of at most `columns` characters, joined by newlines, no newline at the end. */
export function renderLiveView(
	state: LiveViewState,
	screen: LiveScreenSize,
): string {
	const hasEnded = state.state === "stopped" || state.state === "failed";
	const lines: TextLine[] = [
		titleLine(state, screen.columns),
		stateLine(state),
		[],
		...(hasEnded ? [] : [...linkLines(state), []]),
		...trafficLines(state, screen.columns),
		[],
		...dropLines(state, screen.columns),
		...(hasEnded ? [] : [...flowLines(state), [], HINT]),
	];
	return lines
		.slice(0, Math.max(1, screen.rows))
		.map((line) => renderLine(line, screen))
		.join("\n");
}

function titleLine(state: LiveViewState, columns: number): TextLine {
	const title = [
		span(" tunscope ", "strong"),
		span(`${state.role}  `, "accent"),
		span(`${state.listen} → ${state.remote}`),
	];
	const uptime = `up ${formatDuration(state.uptimeMs)}`;
	const used = title.reduce((sum, { text }) => sum + text.length, 0);
	const gap = columns - used - uptime.length - 1;
	return gap < 2
		? title
		: [...title, span(" ".repeat(gap)), span(uptime, "faint")];
}

function stateLine(state: LiveViewState): TextLine {
	const { role, remote, sample } = state;
	const { words, health } = stateInWords({
		role,
		remote,
		state: state.state,
		gauges: sample.gauges,
	});
	const style = HEALTH_STYLES[health];
	return [span(" ● ", style), span(words, style)];
}

function linkLines({
	tunName,
	offloads,
	sample,
	pathFamily,
}: LiveViewState): TextLine[] {
	const { linkMtuBytes, flowsEstablished, flowsHalfOpen, pendingBytes } =
		sample.gauges;
	const waiting =
		pendingBytes > 0
			? `, ${formatBytes(pendingBytes)} waiting for a handshake`
			: "";
	const mtu =
		linkMtuBytes > 0
			? `${linkMtuBytes} B, largest payload ${payloadLimitBytes(linkMtuBytes, pathFamily)} B`
			: "not known yet";
	return [
		fact(
			"TUN",
			tunName === ""
				? "not open"
				: `${tunName}, offloads: ${offloadWords(offloads)}`,
		),
		fact("link MTU", mtu),
		fact(
			"flows",
			`${formatWhole(flowsEstablished)} open, ${formatWhole(flowsHalfOpen)} half-open${waiting}`,
		),
		fact("last heard", lastHeard(sample)),
	];
}

function lastHeard({ gauges }: CounterSample): string {
	if (gauges.lastInboundMs < 0) return "nothing yet";
	return `${formatDuration(gauges.nowMs - gauges.lastInboundMs)} ago`;
}

function offloadWords(offloads: TunOffloads | null): string {
	if (offloads === null) return "not known yet";
	const words = [
		...(offloads.checksum ? ["checksum"] : []),
		...(offloads.tso4 ? ["TSO4"] : []),
		...(offloads.tso6 ? ["TSO6"] : []),
	];
	return words.length === 0 ? "none (slower)" : words.join(", ");
}

function fact(label: string, text: string): TextLine {
	return [span(` ${label.padEnd(12)}`, "faint"), span(text)];
}

function trafficLines(
	{ sample, rates, history }: LiveViewState,
	columns: number,
): TextLine[] {
	const { engine } = sample;
	const row = (direction: {
		label: string;
		now: DirectionRates;
		datagrams: number;
		bytes: number;
		past: readonly number[];
	}): TextLine => {
		const { label, now, datagrams, bytes, past } = direction;
		const text = [
			formatBitRate(now.bitsPerSecond).padStart(13),
			formatCount(now.datagramsPerSecond).padStart(9),
			(now.datagramsPerTrain === 0
				? "–"
				: now.datagramsPerTrain.toFixed(1)
			).padStart(7),
			formatWhole(datagrams).padStart(15),
			formatBytes(bytes).padStart(10),
		].join(" ");
		const room = Math.min(past.length, columns - 13 - text.length - 2);
		return [
			span(` ${label.padEnd(12)}`, "faint"),
			span(text),
			span(
				`  ${sparkline(past.slice(past.length - Math.max(0, room)))}`,
				"accent",
			),
		];
	};
	const head = ` ${" ".repeat(12)}${"rate".padStart(13)} ${"dgrams/s".padStart(9)} ${"/train".padStart(7)} ${"datagrams".padStart(15)} ${"bytes".padStart(10)}`;
	return [
		[span(head, "faint")],
		row({
			label: "↑ sent",
			now: rates.sent,
			datagrams: engine.segmentsSent,
			bytes: engine.payloadBytesSent,
			past: history.sent,
		}),
		row({
			label: "↓ received",
			now: rates.received,
			datagrams: engine.segmentsReceived,
			bytes: engine.payloadBytesReceived,
			past: history.received,
		}),
	];
}

/** One character per value, the largest one full height. */
export function sparkline(values: readonly number[]): string {
	const largest = Math.max(...values, 1);
	return values
		.map(
			(value) => BARS[Math.round((value / largest) * (BARS.length - 1))] ?? "",
		)
		.join("");
}

function dropLines({ sample }: LiveViewState, columns: number): TextLine[] {
	const rows = DROP_REASON_ROWS.map(({ name, meaning }, reason) => ({
		name,
		meaning,
		count: sample.drops[reason] ?? 0,
	}))
		.filter(({ count }) => count > 0)
		.sort((one, other) => other.count - one.count);
	if (rows.length === 0) return [fact("drops", "none")];
	const shown = rows.slice(0, MAX_DROP_LINES);
	const nameWidth = Math.max(...shown.map(({ name }) => name.length));
	const lines = shown.flatMap(({ name, meaning, count }): TextLine[] => {
		const head = [
			span(` ${formatWhole(count).padStart(11)} `, "warning"),
			span(name.padEnd(nameWidth)),
		];
		const sentence = span(`  ${meaning}`, "faint");
		const hasRoom = 13 + nameWidth + sentence.text.length <= columns;
		if (hasRoom) return [[...head, sentence]];
		// What to do stands at the sentence's end: rather more lines than an ellipsis.
		const indent = " ".repeat(13);
		const wrapped = wrapWords(meaning, columns - indent.length);
		return [
			head,
			...wrapped.map((text) => [span(`${indent}${text}`, "faint")]),
		];
	});
	const more = rows.length - shown.length;
	const rest =
		more === 0
			? []
			: [[span(`             and ${more} more reasons`, "faint")]];
	return [[span(" drops by reason", "faint")], ...lines, ...rest];
}

function flowLines({ flows, role }: LiveViewState): TextLine[] {
	if (flows.length === 0) return [];
	const lines = flows.map((flow): TextLine => {
		const who = role === "client" ? flow.application : flow.peer;
		const traffic = `↑ ${formatBytes(flow.payloadBytesSent)}  ↓ ${formatBytes(flow.payloadBytesReceived)}`;
		const heard =
			flow.lastInboundMsAgo < 0
				? "not heard yet"
				: `heard ${formatDuration(flow.lastInboundMsAgo)} ago`;
		return [
			span(` ${who.padEnd(24)} `),
			span(
				flow.state.padEnd(13),
				flow.state === "ESTABLISHED" ? "good" : "warning",
			),
			span(`${traffic}  `),
			span(`${heard}, up to ${flow.maxPayloadBytes} B`, "faint"),
		];
	});
	return [
		[],
		[span(role === "client" ? " applications" : " clients", "faint")],
		...lines,
	];
}

// `tunscope status` on a terminal: a table of all tunnels, and everything about each where there are few.

import type {
	InstanceDescription,
	TunnelDescription,
} from "@tunscope/shared/lean";
import {
	formatBitRate,
	formatBytes,
	formatCount,
	formatDuration,
	formatWhole,
} from "./format-quantity.js";
import { dropsTotal, lastHeardText, remoteText } from "./status-line.js";
import {
	HEALTH_STYLES,
	renderLine,
	span,
	type TextLine,
	wrapWords,
} from "./terminal-text.js";

export interface StatusScreen {
	readonly columns: number;
	readonly hasColour: boolean;
}

/** More tunnels than this are a table alone, unless they were asked for by name. */
const MAX_UNASKED_DETAILS = 3;
const INDENT = " ".repeat(15);

/** @returns lines, each with its newline. Sentences are wrapped, nothing is cut: who asks wants to know. */
export function renderStatusReport(
	instances: readonly InstanceDescription[],
	areNamed: boolean,
	screen: StatusScreen,
): string {
	const tunnels = instances.flatMap((instance) => instance.tunnels);
	const isDetailed = areNamed || tunnels.length <= MAX_UNASKED_DETAILS;
	const lines: TextLine[] = [
		...tableLines(tunnels),
		...(isDetailed
			? instances.flatMap((instance) =>
					instance.tunnels.flatMap((tunnel) => [
						[],
						...detailLines(tunnel, instance, screen.columns),
					]),
				)
			: []),
	];
	const uncut = { ...screen, columns: Number.POSITIVE_INFINITY };
	return lines.map((line) => `${renderLine(line, uncut)}\n`).join("");
}

/** The state comes last: its words may be many. */
const COLUMNS: readonly {
	readonly head: string;
	readonly isNumber: boolean;
	readonly cell: (tunnel: TunnelDescription) => string;
}[] = [
	{ head: "NAME", isNumber: false, cell: ({ name }) => name },
	{ head: "ROLE", isNumber: false, cell: ({ role }) => role },
	{
		head: "FLOWS",
		isNumber: true,
		cell: ({ flows }) => formatWhole(flows.established),
	},
	{
		head: "SENT",
		isNumber: true,
		cell: ({ rates }) => formatBitRate(rates.sent.bitsPerSecond),
	},
	{
		head: "RECEIVED",
		isNumber: true,
		cell: ({ rates }) => formatBitRate(rates.received.bitsPerSecond),
	},
	{ head: "HEARD", isNumber: true, cell: lastHeardText },
	{
		head: "DROPS",
		isNumber: true,
		cell: (tunnel) => formatWhole(dropsTotal(tunnel)),
	},
];

function tableLines(tunnels: readonly TunnelDescription[]): TextLine[] {
	const columns = COLUMNS.map(({ head, isNumber, cell }) => {
		const cells = tunnels.map(cell);
		const width = Math.max(head.length, ...cells.map((text) => text.length));
		const pad = (text: string) =>
			isNumber ? text.padStart(width) : text.padEnd(width);
		return { head: pad(head), cells: cells.map(pad) };
	});
	const head = columns.map((column) => column.head).join("  ");
	return [
		[span(`${head}  STATE`, "faint")],
		...tunnels.map((tunnel, row): TextLine => {
			const cells = columns.map((column) => column.cells[row] ?? "").join("  ");
			return [span(`${cells}  `), stateSpan(tunnel)];
		}),
	];
}

function stateSpan({ health, stateInWords }: TunnelDescription) {
	return span(stateInWords, HEALTH_STYLES[health]);
}

function detailLines(
	tunnel: TunnelDescription,
	instance: InstanceDescription,
	columns: number,
): TextLine[] {
	const { tun, flows, state, inStateForMs } = tunnel;
	const addresses =
		tun.local6 === null
			? `${tun.local4} – ${tun.peer4}`
			: `${tun.local4} – ${tun.peer4}, ${tun.local6} – ${tun.peer6}`;
	return [
		[
			span(`${tunnel.name}  `, "strong"),
			span(`${tunnel.listen} → ${remoteText(tunnel)}`),
		],
		[
			...label("state"),
			stateSpan(tunnel),
			span(`; ${state} for ${formatDuration(inStateForMs)}`),
			span(` (process ${instance.pid}${configText(instance)})`, "faint"),
		],
		fact("TUN", tun.name === null ? "not open" : `${tun.name}, ${addresses}`),
		fact("link MTU", linkMtuText(tunnel)),
		fact(
			"flows",
			`${formatWhole(flows.established)} open, ${formatWhole(flows.halfOpen)} half-open; last heard ${lastHeardText(tunnel)}`,
		),
		fact("path", pathText(tunnel)),
		fact("sent", trafficText(tunnel.rates.sent, tunnel.totals.sent)),
		fact(
			"received",
			trafficText(tunnel.rates.received, tunnel.totals.received),
		),
		fact("host set-up", hostSetupText(tunnel)),
		...dropLines(tunnel, columns),
		...noticeLines(tunnel, columns),
	];
}

function configText({ configFile }: InstanceDescription): string {
	return configFile === undefined ? "" : `, ${configFile.path}`;
}

function label(text: string): TextLine {
	return [span(`  ${text.padEnd(INDENT.length - 2)}`, "faint")];
}

function fact(name: string, text: string): TextLine {
	return [...label(name), span(text)];
}

function linkMtuText({ linkMtu, maxPayloadBytes }: TunnelDescription): string {
	const { oursBytes, peersBytes } = linkMtu;
	if (oursBytes === null) return "not known yet";
	const peers = peersBytes === null ? "not told" : `${peersBytes} B`;
	const largest =
		maxPayloadBytes === null ? "" : `; largest payload ${maxPayloadBytes} B`;
	return `ours ${oursBytes} B, the peer's ${peers}${largest}`;
}

function pathText({ path }: TunnelDescription): string {
	const { roundTrip, inbound, mtuBytes, silentFlows } = path;
	const parts = [
		roundTrip === null
			? "round trip not measured"
			: `round trip ${milliseconds(roundTrip.smoothedMs)}, at best ${milliseconds(roundTrip.leastMs)}`,
		inbound === null
			? "inbound loss not measured"
			: `inbound loss ${percent(inbound.lostPerMille)}, out of order ${percent(inbound.latePerMille)}`,
	];
	if (mtuBytes !== null) parts.push(`MTU ${mtuBytes} B as a router says`);
	if (silentFlows > 0)
		parts.push(`${formatWhole(silentFlows)} flows answer no probes`);
	return parts.join("; ");
}

function milliseconds(ms: number): string {
	return ms < 1 ? "under 1 ms" : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function percent(perMille: number): string {
	const value = perMille / 10;
	return `${value.toFixed(value < 10 && value > 0 ? 1 : 0)} %`;
}

function trafficText(
	rate: TunnelDescription["rates"]["sent"],
	total: TunnelDescription["totals"]["sent"],
): string {
	const now = `${formatBitRate(rate.bitsPerSecond)}, ${formatCount(rate.datagramsPerSecond)} datagrams/s`;
	return `${now}; in all ${formatWhole(total.datagrams)} datagrams, ${formatBytes(total.payloadBytes)}`;
}

function hostSetupText({ hostSetup }: TunnelDescription): string {
	switch (hostSetup.state) {
		case "not-yet":
			return "not made yet";
		case "in-place":
			return "rules, forwarding and addresses are in place";
		case "left-to-operator":
			return "left to you (--host-setup off)";
		case "undone":
			return "undone";
	}
}

function dropLines(tunnel: TunnelDescription, columns: number): TextLine[] {
	if (tunnel.drops.length === 0) return [fact("drops", "none")];
	return tunnel.drops.flatMap(({ reason, count, meaning }, row) => {
		const [first = "", ...more] = wrapWords(
			`${formatWhole(count)} ${reason}: ${meaning}`,
			Math.max(20, columns - INDENT.length),
		);
		return [
			fact(row === 0 ? "drops" : "", first),
			...more.map((text) => [span(`${INDENT}${text}`)]),
		];
	});
}

function noticeLines(
	{ lastNotice }: TunnelDescription,
	columns: number,
): TextLine[] {
	if (lastNotice === null) return [];
	const { level, text, msAgo } = lastNotice;
	const style = level === "error" ? "bad" : "warning";
	const [first = "", ...more] = wrapWords(
		`${formatDuration(msAgo)} ago: ${text}`,
		Math.max(20, columns - INDENT.length),
	);
	return [
		[...label("last notice"), span(first, style)],
		...more.map((line) => [span(`${INDENT}${line}`, style)]),
	];
}

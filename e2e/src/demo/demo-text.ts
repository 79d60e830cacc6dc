// The demo's own words: the panel under the live view, the plain progress line, the verdict. Pure text.

import type {
	EndpointProgress,
	TrafficOutcome,
	Verdict,
} from "../traffic/index.js";

/** The limit: less than this arrived means that the demo failed. */
const LEAST_SHARE = 0.99;

/** Datagrams of about half a second. */
const UNDER_WAY_LIMIT = 1_500;

/** Progress of both ends; null before the first report. */
export interface DemoProgress {
	readonly client: EndpointProgress | null;
	readonly server: EndpointProgress | null;
}

export interface Paint {
	strong(text: string): string;
	faint(text: string): string;
	good(text: string): string;
	bad(text: string): string;
}

const plainPaint: Paint = {
	strong: (text) => text,
	faint: (text) => text,
	good: (text) => text,
	bad: (text) => text,
};
const sgr = (code: string) => (text: string) =>
	`\u001b[${code}m${text}\u001b[0m`;
const colourPaint: Paint = {
	strong: sgr("1"),
	faint: sgr("2"),
	good: sgr("32"),
	bad: sgr("31"),
};

export function choosePaint(hasColour: boolean): Paint {
	return hasColour ? colourPaint : plainPaint;
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

interface Direction {
	readonly sent: number;
	readonly arrived: number;
}

function directions(progress: DemoProgress): {
	readonly up: Direction;
	readonly down: Direction;
} {
	const { client, server } = progress;
	return {
		up: direction(client?.sent ?? 0, server?.received ?? 0),
		down: direction(server?.sent ?? 0, client?.received ?? 0),
	};
}

/** The ends report at different moments: what has arrived has been sent. */
function direction(sent: number, arrived: number): Direction {
	return { sent: Math.max(sent, arrived), arrived };
}

function describeDirection(name: string, { sent, arrived }: Direction): string {
	return `${name} ${whole.format(arrived)} of ${whole.format(sent)} verified`;
}

/** One line for a log: "  12 s  client → server 23,990 of 24,000 verified   server → client …". */
export function progressLine(seconds: number, progress: DemoProgress): string {
	const { up, down } = directions(progress);
	return `${seconds.toFixed(0).padStart(5)} s  ${describeDirection("client → server", up)}   ${describeDirection("server → client", down)}`;
}

export interface PanelState {
	readonly columns: number;
	readonly seconds: number;
	/** Null when it runs until Ctrl-C. */
	readonly totalSeconds: number | null;
	readonly progress: DemoProgress;
	readonly paint: Paint;
}

/** Lines of `panelLines`. */
export const PANEL_ROWS = 5;

/** The panel under the client's live view; no line is longer than the terminal is wide. */
export function panelLines(state: PanelState): string[] {
	const { columns, paint } = state;
	const { up, down } = directions(state.progress);
	const until =
		state.totalSeconds === null ? "until Ctrl-C" : `of ${state.totalSeconds} s`;
	const cut = (text: string) => text.slice(0, columns);
	const title = ` demo ── ${state.seconds.toFixed(0)} s ${until} `;
	return [
		paint.faint(cut(`─${title}`.padEnd(columns, "─"))),
		cut(
			" client 198.18.1.2 ── router ── 198.18.2.2 server    strict conntrack on all three",
		),
		paint.faint(
			cut(" WireGuard-like UDP: handshakes, keepalives and data, three peers"),
		),
		paintDirection(up, paint)(cut(directionText("client → server", up))),
		paintDirection(down, paint)(cut(directionText("server → client", down))),
	];
}

function directionText(name: string, direction: Direction): string {
	const { sent, arrived } = direction;
	const counts = `${whole.format(arrived).padStart(10)} verified of ${whole.format(sent).padStart(10)} sent`;
	const rest = sent - arrived;
	if (rest === 0) return ` ${name}  ${counts}`;
	const what = isUnderWay(direction) ? "under way" : "missing";
	return ` ${name}  ${counts}   ${whole.format(rest)} ${what}`;
}

/** The ends report a fifth of a second apart at most: so much is no loss yet. */
function isUnderWay({ sent, arrived }: Direction): boolean {
	return sent - arrived <= UNDER_WAY_LIMIT;
}

function paintDirection(
	direction: Direction,
	paint: Paint,
): (text: string) => string {
	return isUnderWay(direction) ? paint.good : paint.bad;
}

/** At least 99 % arrived in both directions, and nothing was changed. */
export function isGood(outcome: Pick<TrafficOutcome, "up" | "down">): boolean {
	return [outcome.up, outcome.down].every(
		(verdict) =>
			verdict !== null &&
			verdict.deliveredShare >= LEAST_SHARE &&
			verdict.corrupted + verdict.unattributed === 0,
	);
}

/** The verdict of one direction, for the end. */
export function verdictLine(
	name: string,
	verdict: Verdict,
	paint: Paint,
): string {
	const wrong = verdict.corrupted + verdict.unattributed;
	const percent = (verdict.deliveredShare * 100).toFixed(3);
	const arrived = `${whole.format(verdict.received)} of ${whole.format(verdict.sent)} datagrams arrived (${percent} %)`;
	const quality = [
		`${wrong} changed`,
		`${verdict.duplicates} twice`,
		`${verdict.reordered} out of order`,
		`latency p50 ${formatUs(verdict.p50Us)}, p99 ${formatUs(verdict.p99Us)}`,
	].join(", ");
	const isFine = verdict.deliveredShare >= LEAST_SHARE && wrong === 0;
	const judged = isFine ? paint.good(arrived) : paint.bad(arrived);
	return `${paint.strong(name)}: ${judged}\n${" ".repeat(name.length + 2)}${quality}`;
}

function formatUs(us: number): string {
	return us < 1_000 ? `${us.toFixed(0)} µs` : `${(us / 1_000).toFixed(1)} ms`;
}

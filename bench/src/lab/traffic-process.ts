// Starts one of the traffic programs in a namespace and reads the JSON lines it prints.

import { fileURLToPath } from "node:url";
import {
	type LabHost,
	type LabProcess,
	startInNamespace,
	waitUntil,
} from "@tunscope/e2e/netlab";
import type { TrafficLine } from "../traffic/traffic-lines.js";

const POLL_INTERVAL_MS = 2;

export type ProgramName = "generator" | "sink" | "pinger";

export interface TrafficProcess {
	readonly process: LabProcess;
	/** Waits for the line of this kind. @throws Error when the program ends or gives up without it. */
	line<E extends TrafficLine["event"]>(
		event: E,
		deadlineMs: number,
	): Promise<Extract<TrafficLine, { event: E }>>;
}

/** What is started: a program, its settings, and the core it is tied to where that matters. */
export interface ProgramStart {
	readonly name: ProgramName;
	readonly settings: object;
	readonly core: number;
}

/** Starts a program tied to one core (taskset is part of util-linux, which every Debian has). */
export function startTiedProcess(
	host: LabHost,
	{ name, settings, core }: ProgramStart,
): TrafficProcess {
	return start(host, { name, settings, prefix: ["taskset", "-c", `${core}`] });
}

export function startTrafficProcess(
	host: LabHost,
	name: ProgramName,
	settings: object,
): TrafficProcess {
	return start(host, { name, settings, prefix: [] });
}

interface Start {
	readonly name: ProgramName;
	readonly settings: object;
	readonly prefix: readonly string[];
}

function start(
	host: LabHost,
	{ name, settings, prefix }: Start,
): TrafficProcess {
	const program = fileURLToPath(
		new URL(`../traffic/${name}.js`, import.meta.url),
	);
	const running = startInNamespace(host.namespace, {
		argv: [...prefix, process.execPath, program, JSON.stringify(settings)],
	});
	return {
		process: running,
		line: (event, deadlineMs) =>
			waitUntil(() => findLine(running, name, event), {
				what: `"${event}" from the ${name}`,
				deadlineMs,
				intervalMs: POLL_INTERVAL_MS,
			}),
	};
}

function isOfEvent<E extends TrafficLine["event"]>(
	line: TrafficLine,
	event: E,
): line is Extract<TrafficLine, { event: E }> {
	return line.event === event;
}

function findLine<E extends TrafficLine["event"]>(
	running: LabProcess,
	name: ProgramName,
	event: E,
): Extract<TrafficLine, { event: E }> | null {
	for (const text of running.stdout().split("\n").slice(0, -1)) {
		// Printed by our own program, by `printLine`.
		const line: TrafficLine = JSON.parse(text);
		if (isOfEvent(line, event)) return line;
		if (isOfEvent(line, "gave-up"))
			throw new Error(`the ${name} gave up: ${line.reason}`);
	}
	if (running.outcome() === null) return null;
	throw new Error(
		`the ${name} ended before it said "${event}":\n${running.stdout()}${running.stderr()}`,
	);
}

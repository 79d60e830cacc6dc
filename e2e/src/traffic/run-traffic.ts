// Runs an opener on one host of a lab and an answerer on another, and joins what they saw into one verdict.

import { fileURLToPath } from "node:url";
import type { LabHost } from "../netlab/lab.js";
import { type LabProcess, startInNamespace } from "../netlab/lab-process.js";
import { createLineSplitter } from "../netlab/line-splitter.js";
import type { Family } from "../netlab/tunnel-options.js";
import type { SizePlan } from "./size-plan.js";
import type { TrafficConfig } from "./traffic-config.js";
import {
	type EndpointProgress,
	type EndpointReport,
	joinReports,
	parseEndpointLine,
	type Verdict,
} from "./traffic-report.js";

/** Built by tsc, so that it also runs under plain node inside a namespace; the sources lie beside `dist`. */
const ENTRY = fileURLToPath(
	new URL("../../dist/traffic/main.js", import.meta.url),
);
const READY_DEADLINE_MS = 10_000;
const DEFAULT_MAX_SECONDS = 60;
const PROGRESS_MS = 200;
const DEFAULT_LINGER_MS = 400;
const DEFAULT_PATIENCE_MS = 2_000;

export interface StreamPlan {
	/** Datagrams per flow. */
	readonly count: number;
	/** Over all flows. */
	readonly rate: number;
	readonly unit: "datagrams" | "bits";
	readonly train?: number;
}

export interface UdpPlace {
	readonly host: LabHost;
	readonly family: Family;
	readonly address: string;
	readonly port: number;
}

export interface TrafficRun {
	/** Where the opener sends to: normally the tunnel client's local address. */
	readonly opener: UdpPlace;
	/** Where the answerer listens: normally the tunnel server's target. */
	readonly answerer: UdpPlace;
	readonly sizes: SizePlan;
	readonly flows?: number;
	/** The opener's stream. */
	readonly up?: StreamPlan;
	/** The answerer's stream. */
	readonly down?: StreamPlan;
	/** The answerer sends the opener's stream back, and the opener judges that too. */
	readonly echo?: boolean;
	readonly io?: "node" | "native";
	readonly maxSeconds?: number;
	readonly lingerMs?: number;
	/** How long a silence makes the opener stop waiting for the rest. */
	readonly patienceMs?: number;
	/** Called about five times a second with each end's progress. */
	readonly onProgress?: (
		role: TrafficConfig["role"],
		progress: EndpointProgress,
	) => void;
}

export interface TrafficOutcome {
	/** The opener's stream at the answerer; null when there was none. */
	readonly up: Verdict | null;
	/** The answerer's stream at the opener. */
	readonly down: Verdict | null;
	/** The opener's stream back at the opener. */
	readonly echo: Verdict | null;
	readonly openerReport: EndpointReport;
	readonly answererReport: EndpointReport;
}

/** @throws DeadlineError or Error when an endpoint does not start or gives no report. */
export async function runTraffic(run: TrafficRun): Promise<TrafficOutcome> {
	const maxSeconds = run.maxSeconds ?? DEFAULT_MAX_SECONDS;
	const answerer = await startAnswerer(run);
	try {
		const opener = startEndpoint(run.opener.host, openerConfig(run), run);
		await waitForEnd(opener, maxSeconds);
		answerer.closeInput();
		await waitForEnd(answerer, maxSeconds);
		return joinOutcome(run, readReport(opener), readReport(answerer));
	} finally {
		await answerer.stop("SIGKILL");
	}
}

/** Starts only the answering end, e.g. to bring a target up later. End it with `closeInput`. */
export async function startAnswerer(run: TrafficRun): Promise<LabProcess> {
	const answerer = startEndpoint(run.answerer.host, answererConfig(run), run);
	await answerer.waitForOutput(/"event":"ready"/, READY_DEADLINE_MS);
	return answerer;
}

/** Starts only the opening end. */
export function startOpener(run: TrafficRun): LabProcess {
	return startEndpoint(run.opener.host, openerConfig(run), run);
}

/** The report of an endpoint that has ended. @throws Error when it gave none. */
export function readReport(endpoint: LabProcess): EndpointReport {
	for (const text of endpoint.stdout().split("\n")) {
		const line = parseEndpointLine(text);
		if (line?.event === "report") return line;
	}
	throw new Error(
		`a traffic endpoint gave no report: ${endpoint.stdout()}${endpoint.stderr()}`,
	);
}

function startEndpoint(
	host: LabHost,
	config: TrafficConfig,
	run: TrafficRun,
): LabProcess {
	const deadlineMs = (config.maxSeconds + 10) * 1000;
	return startInNamespace(host.namespace, {
		// The lab's own programs stand back: on two cores they must not take the CPU from what they measure.
		argv: [
			...["nice", "-n", "5"],
			...[process.execPath, ENTRY, JSON.stringify(config)],
		],
		deadlineMs,
		onOutput: createLineSplitter((text) => {
			if (run.onProgress === undefined) return;
			const line = parseEndpointLine(text);
			if (line?.event === "progress") run.onProgress(config.role, line);
		}),
	});
}

async function waitForEnd(
	endpoint: LabProcess,
	maxSeconds: number,
): Promise<void> {
	// The endpoint bounds itself by maxSeconds; startEndpoint's own deadline kills it when even that fails.
	const outcome = await endpoint.ended;
	if (outcome.code !== 0)
		throw new Error(
			`a traffic endpoint ended with ${outcome.code ?? outcome.signal} (limit ${maxSeconds} s): ${endpoint.stderr()}`,
		);
}

function sharedConfig(run: TrafficRun) {
	return {
		io: run.io ?? "node",
		flows: run.flows ?? 1,
		sizes: run.sizes,
		maxSeconds: run.maxSeconds ?? DEFAULT_MAX_SECONDS,
		lingerMs: run.lingerMs ?? DEFAULT_LINGER_MS,
		patienceMs: run.patienceMs ?? DEFAULT_PATIENCE_MS,
		progressMs: run.onProgress === undefined ? 0 : PROGRESS_MS,
	} as const;
}

function openerConfig(run: TrafficRun): TrafficConfig {
	const { family, address, port } = run.opener;
	const down = run.down;
	return {
		...sharedConfig(run),
		role: "open",
		target: { family, address, port },
		...(run.up === undefined ? {} : { send: { train: 1, ...run.up } }),
		echo: false,
		judge: openerJudges(run),
		...(down === undefined ? {} : { expectPerFlow: down.count }),
		...(run.echo === true && run.up !== undefined
			? { expectPerFlow: run.up.count }
			: {}),
	};
}

function openerJudges(run: TrafficRun): TrafficConfig["judge"] {
	if (run.echo === true) return "own-echo";
	return run.down === undefined ? "none" : "peer";
}

function answererConfig(run: TrafficRun): TrafficConfig {
	const { family, address, port } = run.answerer;
	return {
		...sharedConfig(run),
		role: "answer",
		bind: { family, address, port },
		...(run.down === undefined ? {} : { send: { train: 1, ...run.down } }),
		echo: run.echo === true,
		judge: run.up === undefined ? "none" : "peer",
	};
}

/** Joins the reports of two endpoints of one run. */
export function joinOutcome(
	run: TrafficRun,
	openerReport: EndpointReport,
	answererReport: EndpointReport,
): TrafficOutcome {
	const isEcho = run.echo === true;
	return {
		up: run.up === undefined ? null : joinReports(openerReport, answererReport),
		down:
			run.down === undefined ? null : joinReports(answererReport, openerReport),
		echo: isEcho ? joinReports(openerReport, openerReport) : null,
		openerReport,
		answererReport,
	};
}

// Puts one program beside the probe in a namespace of its own, plays a script of segments and datagrams, notes the answers.

import { fileURLToPath } from "node:url";
import { type LabProcess, startInNamespace } from "../../netlab/lab-process.js";
import { createLineSplitter } from "../../netlab/line-splitter.js";
import { createNamespace, type Namespace } from "../../netlab/namespace.js";
import { deviceNames, hasUdpPort } from "../../netlab/process-probe.js";
import type { StockLikeProgram } from "../../netlab/stock-like-tunnel.js";
import { waitUntil } from "../../netlab/wait-until.js";
import { endpointOf } from "../double/double-options.js";
import { emitStockSegment } from "../double/stock-segment.js";
import {
	PROBE,
	type ProbeEvent,
	type ProbeOrder,
	parseProbeEvent,
} from "./probe-main.js";
import { describeSegment, segmentPorts } from "./segment-text.js";

const PROBE_ENTRY = fileURLToPath(
	new URL("../../../dist/interop/conformance/probe-entry.js", import.meta.url),
);
const TUN = "sut0";
const READY_DEADLINE_MS = 10_000;
/** An answer on one machine takes well under a millisecond; this long a silence is "nothing". */
const SILENCE_MS = 60;
const CLIENT_UDP_PORT = 9001;
const FAKE_TCP_PORT = 4567;
const SUT_ADDRESSES = {
	server: { 4: "192.168.201.2", 6: "fcc9::2" },
	client: { 4: "192.168.200.2", 6: "fcc8::2" },
} as const;

export interface SegmentSpec {
	/** Control bits as a number. */
	readonly bits: number;
	readonly seq?: number;
	readonly ack?: number;
	readonly text?: string;
	/** Our port; default 40000. For a client under test always the server's port. */
	readonly from?: number;
	/** The program's port; default the one it listens on or last used. */
	readonly to?: number;
}

export type Step =
	| { readonly segment: SegmentSpec }
	/** A datagram for the program's UDP side. */
	| { readonly datagram: string }
	/** Only listen, for this long. */
	| { readonly listenMs: number };

export interface Bench {
	/** @returns what the program answered to this step: described segments, and "UDP text". */
	play(step: Step): Promise<string[]>;
	close(): Promise<void>;
}

export interface BenchOptions {
	readonly program: StockLikeProgram;
	readonly role: "client" | "server";
	readonly family: 4 | 6;
}

export async function openBench(options: BenchOptions): Promise<Bench> {
	const namespace = await createNamespace("x");
	const started: LabProcess[] = [];
	const close = async () => {
		for (const one of started) await one.stop();
		await namespace.remove();
	};
	try {
		await namespace.sysctl({
			"net.ipv4.ip_forward": 1,
			"net.ipv6.conf.all.forwarding": 1,
		});
		const events: ProbeEvent[] = [];
		const probe = startProbe(namespace, events);
		started.push(probe.running);
		await probe.running.waitForOutput(/"ready":true/, READY_DEADLINE_MS);
		const program = startProgram(namespace, options);
		started.push(program);
		await waitForProgram(namespace, program, options.role);
		events.length = 0;
		return describeBench({ options, events, order: probe.order, close });
	} catch (error) {
		await close();
		throw error;
	}
}

function startProbe(namespace: Namespace, events: ProbeEvent[]) {
	const running = startInNamespace(namespace, {
		argv: [process.execPath, PROBE_ENTRY],
		deadlineMs: 60_000,
		onOutput: createLineSplitter((line) => events.push(parseProbeEvent(line))),
	});
	const order = (what: ProbeOrder) =>
		running.writeInput(`${JSON.stringify(what)}\n`);
	return { running, order };
}

function startProgram(namespace: Namespace, options: BenchOptions): LabProcess {
	const { program, role, family } = options;
	const peer = family === 4 ? PROBE.peer4 : `[${PROBE.peer6}]`;
	const argv =
		role === "server"
			? [
					...program.serverArgv,
					...["--local", String(FAKE_TCP_PORT)],
					...["--remote", `127.0.0.1:${PROBE.udpPort}`],
				]
			: [
					...program.clientArgv,
					...["--local", `127.0.0.1:${CLIENT_UDP_PORT}`],
					...["--remote", `${peer}:${FAKE_TCP_PORT}`],
				];
	return startInNamespace(namespace, {
		argv: [...argv, "--tun", TUN],
		deadlineMs: 60_000,
	});
}

async function waitForProgram(
	namespace: Namespace,
	program: LabProcess,
	role: "client" | "server",
): Promise<void> {
	await waitUntil(
		async () => {
			if (program.outcome() !== null)
				throw new Error(`ended at start: ${program.stderr()}`);
			if (!deviceNames(program.pid).includes(TUN)) return false;
			if (role === "client" && !hasUdpPort(program.pid, CLIENT_UDP_PORT))
				return false;
			// Ours says when it carries, which is a moment after its TUN is up; a program that says nothing is taken as it is.
			const said = program.stdout();
			const isOurs = said.includes('"event":"tun-opened"');
			if (isOurs && !said.includes('"event":"running"')) return false;
			const listing = await namespace.run(["ip", "addr", "show", TUN]);
			return listing.includes(",UP") && listing.includes("inet ");
		},
		{ what: "program under test ready", deadlineMs: READY_DEADLINE_MS },
	);
	// The kernel's own router solicitations on the new TUN are no answer to anything; they are not TCP and get filtered.
}

interface BenchParts {
	readonly options: BenchOptions;
	readonly events: ProbeEvent[];
	readonly order: (what: ProbeOrder) => void;
	readonly close: () => Promise<void>;
}

function describeBench(parts: BenchParts): Bench {
	const { options, events, order, close } = parts;
	let lastProgramPort = FAKE_TCP_PORT;
	const takeAnswers = () =>
		events.splice(0).flatMap((event) => {
			if ("datagram" in event)
				return [`UDP ${Buffer.from(event.datagram, "hex").toString()}`];
			if (!("segment" in event)) return [];
			const packet = Buffer.from(event.segment, "hex");
			const text = describeSegment(packet);
			if (text === null) return [];
			if (options.role === "client")
				lastProgramPort = segmentPorts(packet).source;
			return [text];
		});
	const send = (step: Step) => {
		if ("segment" in step)
			order({
				segment: emitProbe(options, step.segment, lastProgramPort),
			});
		else if ("datagram" in step)
			order({
				datagram: Buffer.from(step.datagram).toString("hex"),
				...(options.role === "client" ? { port: CLIENT_UDP_PORT } : {}),
			});
	};
	return {
		close,
		play: async (step) => {
			send(step);
			const answers: string[] = [];
			const leastMs = "listenMs" in step ? step.listenMs : SILENCE_MS;
			let quietSinceMs = performance.now();
			await waitUntil(
				() => {
					const fresh = takeAnswers();
					answers.push(...fresh);
					if (fresh.length > 0 && !("listenMs" in step))
						quietSinceMs = performance.now();
					return performance.now() - quietSinceMs >= leastMs;
				},
				{ what: "silence", deadlineMs: leastMs + 5_000, intervalMs: 5 },
			);
			return answers;
		},
	};
}

function emitProbe(
	options: BenchOptions,
	spec: SegmentSpec,
	programPort: number,
): string {
	const { role, family } = options;
	const ownPort = role === "client" ? FAKE_TCP_PORT : (spec.from ?? 40_000);
	return emitStockSegment({
		local: endpointOf(family === 4 ? PROBE.peer4 : PROBE.peer6, ownPort),
		remote: endpointOf(SUT_ADDRESSES[role][family], spec.to ?? programPort),
		sequence: spec.seq ?? 0,
		acknowledgement: spec.ack ?? 0,
		controlBits: spec.bits,
		payload: Buffer.from(spec.text ?? ""),
	}).toString("hex");
}

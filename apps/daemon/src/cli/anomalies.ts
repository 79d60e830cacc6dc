// `tunscope anomalies`: collects what the running instances have noticed, and shows it in sentences or as lines of JSON.

import type { Socket } from "node:net";
import {
	type AnomalyEvent,
	anomalyEventSchema,
	CONTROL_VERSION,
} from "@tunscope/shared";
import { anomalySentences } from "@tunscope/shared/anomaly-catalogue";
import { createAnomalyLines } from "../anomaly/anomaly-lines.js";
import type { Environment } from "../config/environment.js";
import { converse } from "../control/converse.js";
import type { AnomaliesQuestion } from "./anomalies-command.js";
import {
	type AnomaliesScreen,
	renderAnomalies,
	renderNewAnomaly,
} from "./anomalies-report.js";
import { type AskedInstance, findTunnels } from "./asked-instances.js";
import { EXIT, type ExitCode } from "./exit-codes.js";

export interface AnomaliesOptions {
	readonly question: AnomaliesQuestion;
	readonly environment: Environment;
	readonly out: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns"> &
		NodeJS.EventEmitter;
	readonly err: Pick<NodeJS.WriteStream, "write">;
	/** Aborted when the one who follows has seen enough. */
	readonly enough: AbortSignal;
}

const ANSWER_DEADLINE_MS = 5_000;
const NOTHING: Readonly<Record<Environment["language"], string>> = {
	en: "Nothing odd has happened.\n",
	"zh-CN": "没有发生异常。\n",
};

/** @throws SystemError PERMISSION_DENIED */
export async function runAnomalies(
	options: AnomaliesOptions,
): Promise<ExitCode> {
	const { question, environment, err } = options;
	const complain = (sentence: string) =>
		void err.write(`tunscope: ${sentence}\n`);
	const { instances, exitCode } = await findTunnels(
		question.names,
		environment,
		complain,
	);
	const opened = await Promise.all(
		instances.map((instance) => open(instance, question, complain)),
	);
	const connections = opened.filter((connection) => connection !== null);
	if (instances.length === 0) return exitCode;
	const senseless = await show(connections, options);
	if (senseless > 0)
		complain(
			`${senseless} events are of a kind that this version of tunscope does not know.`,
		);
	const isWhole = connections.length === instances.length && senseless === 0;
	if (exitCode !== EXIT.ok || isWhole) return exitCode;
	return EXIT.tunnelNotRunning;
}

/** Null when it is refused, which is said. */
async function open(
	{ path, pid, tunnelNames }: AskedInstance,
	{ isFollowing }: AnomaliesQuestion,
	complain: (sentence: string) => void,
): Promise<Socket | null> {
	const tunnels = [...tunnelNames];
	const { answer, connection } = await converse(
		path,
		{ version: CONTROL_VERSION, request: "anomalies", tunnels, isFollowing },
		ANSWER_DEADLINE_MS,
	);
	if (answer?.kind === "anomalies") return connection;
	connection.destroy();
	complain(
		answer?.kind === "error"
			? answer.message
			: `process ${pid} gives an answer that makes no sense.`,
	);
	return null;
}

/** @returns how many events made no sense to this version */
async function show(
	connections: readonly Socket[],
	options: AnomaliesOptions,
): Promise<number> {
	const { question, environment, out, enough } = options;
	const isForPeople = out.isTTY && !question.isJson;
	const screen: AnomaliesScreen = {
		columns: out.columns || 80,
		hasColour: isForPeople && !environment.isColourUnwanted,
		sentencesOf: ({ code, parameters }) =>
			anomalySentences(environment.language, code, parameters),
	};
	const toLine = await createAnomalyLines(environment.language);
	const gathered: AnomalyEvent[] = [];
	const take = (event: AnomalyEvent) => {
		if (!isForPeople) out.write(toLine(event));
		else if (question.isFollowing) out.write(renderNewAnomaly(event, screen));
		else gathered.push(event);
	};
	const stop = () => {
		for (const connection of connections) connection.destroy();
	};
	enough.addEventListener("abort", stop);
	// A reader that has gone has seen enough: `tunscope anomalies | head`.
	out.on("error", stop);
	const senseless = await Promise.all(
		connections.map((connection) => readAll(connection, take)),
	);
	enough.removeEventListener("abort", stop);
	out.off("error", stop);
	if (isForPeople && !question.isFollowing)
		out.write(
			gathered.length === 0
				? NOTHING[environment.language]
				: renderAnomalies(gathered, screen),
		);
	return senseless.reduce((sum, lines) => sum + lines, 0);
}

/** Ends with the connection, however that ends. @returns how many lines made no sense */
async function readAll(
	connection: Socket,
	take: (event: AnomalyEvent) => void,
): Promise<number> {
	let rest = "";
	let senseless = 0;
	connection.setEncoding("utf8");
	try {
		for await (const text of connection) {
			const lines = `${rest}${text}`.split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) {
				const event = readEvent(line);
				if (event === null) senseless++;
				else take(event);
			}
		}
	} catch {
		// Cut off, by us or by the instance: what came was shown.
	} finally {
		connection.destroy();
	}
	return senseless;
}

function readEvent(line: string): AnomalyEvent | null {
	try {
		return anomalyEventSchema.parse(JSON.parse(line));
	} catch {
		return null;
	}
}

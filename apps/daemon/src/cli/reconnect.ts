// `tunscope reconnect`: asks the instances that run the named tunnels to begin their flows anew, and says what came of it.

import { CONTROL_VERSION, type ControlAnswer } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import { converse } from "../control/converse.js";
import { type AskedInstance, findTunnels } from "./asked-instances.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import type { ReconnectQuestion } from "./reconnect-command.js";

export interface ReconnectOptions {
	readonly question: ReconnectQuestion;
	readonly environment: Environment;
	readonly out: Pick<NodeJS.WriteStream, "write">;
	readonly err: Pick<NodeJS.WriteStream, "write">;
}

const ANSWER_DEADLINE_MS = 5_000;

/** @throws SystemError PERMISSION_DENIED */
export async function runReconnect(
	options: ReconnectOptions,
): Promise<ExitCode> {
	const { question, environment, out, err } = options;
	const complain = (sentence: string) =>
		void err.write(`tunscope: ${sentence}\n`);
	const { names } = question;
	const { instances, exitCode } = await findTunnels(
		names,
		environment,
		complain,
	);
	const outcomes: ReconnectOutcome[] = [];
	let isAnswered = true;
	for (const instance of instances) {
		const answers = await askToReconnect(instance, complain);
		if (answers === null) isAnswered = false;
		else outcomes.push(...answers);
	}
	const begun = outcomes.filter(({ outcome }) => outcome === "begun");
	for (const { name } of begun)
		out.write(`${name}: its flows go on from new ports.\n`);
	// Who asks for all of them means those that can.
	const isServerMeant = names.length > 0 || begun.length === 0;
	const failed = outcomes.filter(
		({ outcome }) =>
			outcome === "not-running" || (outcome === "is-server" && isServerMeant),
	);
	for (const { name, outcome } of failed)
		complain(`${name} ${WHY_NOT[outcome]}`);
	if (exitCode !== EXIT.ok) return exitCode;
	return isAnswered && failed.length === 0 ? EXIT.ok : EXIT.tunnelNotRunning;
}

type ReconnectOutcome = Extract<
	ControlAnswer,
	{ readonly kind: "reconnect" }
>["tunnels"][number];

const WHY_NOT: Readonly<Record<ReconnectOutcome["outcome"], string>> = {
	begun: "goes on from new ports.",
	"is-server":
		"is a server, whose flows its clients begin: ask for it at a client.",
	"not-running": "is not running now: its flows will be new ones anyway.",
};

async function askToReconnect(
	{ path, pid, tunnelNames }: AskedInstance,
	complain: (sentence: string) => void,
): Promise<readonly ReconnectOutcome[] | null> {
	const { answer, connection } = await converse(
		path,
		{
			version: CONTROL_VERSION,
			request: "reconnect",
			tunnels: [...tunnelNames],
		},
		ANSWER_DEADLINE_MS,
	);
	connection.destroy();
	if (answer?.kind === "reconnect") return answer.tunnels;
	complain(
		answer?.kind === "error"
			? answer.message
			: `process ${pid} gives an answer that makes no sense.`,
	);
	return null;
}

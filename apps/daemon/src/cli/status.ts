// `tunscope status`: asks the running instances, prints what they say, and ends in a code that a script can use.

import type {
	InstanceDescription,
	TunnelDescription,
} from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import {
	askInstances,
	countInstancesElsewhere,
	type InstanceAnswer,
} from "../control/ask-instances.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import type { StatusQuestion } from "./status-command.js";
import { renderStatusReport } from "./status-report.js";

export interface StatusOptions {
	readonly question: StatusQuestion;
	readonly environment: Environment;
	readonly out: Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;
	readonly err: Pick<NodeJS.WriteStream, "write">;
}

/** @throws SystemError PERMISSION_DENIED */
export async function runStatus(options: StatusOptions): Promise<ExitCode> {
	const { question, environment, out, err } = options;
	const directory = controlDirectoryIn(environment.runtimeDirectory);
	const answers = await askInstances(directory);
	const { isJson, names } = question;
	const instances = answers
		.flatMap((answer) => (answer.kind === "answered" ? [answer.instance] : []))
		.map((instance) => withTunnels(instance, names));
	const shown = instances.flatMap(({ tunnels }) => tunnels);
	const missing = names.filter(
		(name) => !shown.some((tunnel) => tunnel.name === name),
	);
	const complain = (sentence: string) => err.write(`tunscope: ${sentence}\n`);
	for (const sentence of complaintsAbout(answers)) complain(sentence);
	if (isJson || !out.isTTY) {
		out.write(`${JSON.stringify(jsonOf(instances, answers), null, 2)}\n`);
	} else if (shown.length > 0) {
		out.write(
			renderStatusReport(instances, names.length > 0, {
				columns: out.columns || 80,
				hasColour: !environment.isColourUnwanted,
			}),
		);
	}
	if (instances.length === 0) {
		if (answers.some(({ kind }) => kind === "silent"))
			return EXIT.tunnelNotRunning;
		complain(await nothingRuns(directory));
		return EXIT.nothingRuns;
	}
	for (const name of missing)
		complain(`no tunnel named ${name} runs here.${knownNames(answers)}`);
	if (shown.length === 0 && missing.length === 0)
		complain("the instance that runs here has no tunnel.");
	const isWhole =
		missing.length === 0 && answers.every(({ kind }) => kind !== "silent");
	return isWhole && shown.every(({ state }) => state === "running")
		? EXIT.ok
		: EXIT.tunnelNotRunning;
}

function withTunnels(
	instance: InstanceDescription,
	names: readonly string[],
): InstanceDescription {
	if (names.length === 0) return instance;
	const tunnels = instance.tunnels.filter(({ name }) => names.includes(name));
	return { ...instance, tunnels };
}

function complaintsAbout(answers: readonly InstanceAnswer[]): string[] {
	return answers.flatMap((answer) => {
		if (answer.kind === "answered") return [];
		return answer.kind === "dead"
			? [
					`process ${answer.pid} ended without cleaning up; what it left on this host is undone at the next start.`,
				]
			: [
					`process ${answer.pid} does not tell its status: ${withoutDot(answer.reason)}. If that stays so, end it and start it again.`,
				];
	});
}

function withoutDot(text: string): string {
	return text.replace(/\.$/, "");
}

/** The document that --json prints; docs/command-line.md describes it. */
function jsonOf(
	instances: readonly InstanceDescription[],
	answers: readonly InstanceAnswer[],
): object {
	return {
		version: 1,
		instances: instances.map(
			({ pid, tunscope, uptimeMs, configFile, tunnels }) => ({
				pid,
				tunscope,
				uptimeMs,
				...(configFile === undefined ? {} : { configFile: configFile.path }),
				tunnels,
			}),
		),
		silent: answers.flatMap((answer) =>
			answer.kind === "silent"
				? [{ pid: answer.pid, reason: answer.reason }]
				: [],
		),
		dead: answers.flatMap((answer) =>
			answer.kind === "dead" ? [{ pid: answer.pid }] : [],
		),
	};
}

async function nothingRuns(directory: string): Promise<string> {
	// Without the right to look there, it is not mentioned.
	const elsewhere = await countInstancesElsewhere(directory).catch(() => 0);
	const start =
		"no tunscope runs here: start one with `tunscope client`, `tunscope server` or `tunscope up`.";
	if (elsewhere === 0) return start;
	return elsewhere === 1
		? `${start} One runs in another network namespace: \`ip netns exec NAME tunscope status\` asks that.`
		: `${start} ${elsewhere} run in other network namespaces: \`ip netns exec NAME tunscope status\` asks those.`;
}

function knownNames(answers: readonly InstanceAnswer[]): string {
	const names = answers.flatMap((answer) =>
		answer.kind === "answered"
			? answer.instance.tunnels.map(({ name }: TunnelDescription) => name)
			: [],
	);
	return names.length === 0 ? "" : ` These do: ${names.join(", ")}.`;
}

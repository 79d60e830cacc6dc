// `tunscope status`: asks the running instances, prints what they say, and ends in a code that a script can use.

import type { InstanceDescription } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import { askInstances, type InstanceAnswer } from "../control/ask-instances.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import {
	complaintsAbout,
	nothingRuns,
	unknownTunnel,
} from "./asked-instances.js";
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
	for (const name of missing) complain(unknownTunnel(name, answers));
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

// The tunnels that a command is about, found among the running instances, and a sentence for everything that is in the way.

import type { TunnelDescription } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import {
	askInstances,
	countInstancesElsewhere,
	type InstanceAnswer,
} from "../control/ask-instances.js";
import { controlDirectoryIn } from "../system/control-socket-files.js";
import { EXIT, type ExitCode } from "./exit-codes.js";

/** An instance with those of its tunnels that were asked for. */
export interface AskedInstance {
	/** Of its control socket. */
	readonly path: string;
	readonly pid: number;
	readonly tunnelNames: readonly string[];
}

export interface AskedInstances {
	/** None without a tunnel. */
	readonly instances: readonly AskedInstance[];
	/** `ok` when everything was found. */
	readonly exitCode: ExitCode;
}

/**
 * @param names empty: all tunnels
 * @throws SystemError PERMISSION_DENIED
 */
export async function findTunnels(
	names: readonly string[],
	environment: Environment,
	complain: (sentence: string) => void,
): Promise<AskedInstances> {
	const directory = controlDirectoryIn(environment.runtimeDirectory);
	const answers = await askInstances(directory);
	for (const sentence of complaintsAbout(answers)) complain(sentence);
	const isSilent = answers.some(({ kind }) => kind === "silent");
	const instances = answers.flatMap((answer) => {
		if (answer.kind !== "answered") return [];
		const { path, instance } = answer;
		const tunnelNames = instance.tunnels
			.map(({ name }) => name)
			.filter((name) => names.length === 0 || names.includes(name));
		return tunnelNames.length === 0
			? []
			: [{ path, pid: instance.pid, tunnelNames }];
	});
	if (!isSilent && answers.every(({ kind }) => kind !== "answered")) {
		complain(await nothingRuns(directory));
		return { instances, exitCode: EXIT.nothingRuns };
	}
	const found = new Set(instances.flatMap(({ tunnelNames }) => tunnelNames));
	const missing = names.filter((name) => !found.has(name));
	for (const name of missing) complain(unknownTunnel(name, answers));
	const isWhole = missing.length === 0 && !isSilent;
	return { instances, exitCode: isWhole ? EXIT.ok : EXIT.tunnelNotRunning };
}

/** A sentence for each instance that does not answer. */
export function complaintsAbout(
	answers: readonly InstanceAnswer[],
): readonly string[] {
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

/** The sentence when no instance answers. */
export async function nothingRuns(directory: string): Promise<string> {
	// Without the right to look there, it is not mentioned.
	const elsewhere = await countInstancesElsewhere(directory).catch(() => 0);
	const start =
		"no tunscope runs here: start one with `tunscope client`, `tunscope server` or `tunscope up`.";
	if (elsewhere === 0) return start;
	return elsewhere === 1
		? `${start} One runs in another network namespace: \`ip netns exec NAME tunscope status\` asks that.`
		: `${start} ${elsewhere} run in other network namespaces: \`ip netns exec NAME tunscope status\` asks those.`;
}

/** The sentence about a name that no instance has. */
export function unknownTunnel(
	name: string,
	answers: readonly InstanceAnswer[],
): string {
	const names = answers.flatMap((answer) =>
		answer.kind === "answered"
			? answer.instance.tunnels.map(({ name }: TunnelDescription) => name)
			: [],
	);
	const others = names.length === 0 ? "" : ` These do: ${names.join(", ")}.`;
	return `no tunnel named ${name} runs here.${others}`;
}

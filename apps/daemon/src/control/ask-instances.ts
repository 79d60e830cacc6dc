// Asks every running instance of a network namespace for its status, each with a deadline of its own.

import {
	CONTROL_VERSION,
	type InstanceDescription,
} from "@tunscope/shared/lean";
import {
	listControlSockets,
	siblingDirectories,
} from "../system/control-socket-files.js";
import { errnoNameOf } from "../system/system-error.js";
import { converse } from "./converse.js";
import { isAnswering } from "./socket-probe.js";

export type InstanceAnswer =
	| {
			readonly kind: "answered";
			readonly instance: InstanceDescription;
			/** Of its socket. */
			readonly path: string;
	  }
	/** It ended without cleaning up. */
	| { readonly kind: "dead"; readonly pid: number }
	/** It runs, but said nothing that makes sense. `reason` is the end of a sentence. */
	| { readonly kind: "silent"; readonly pid: number; readonly reason: string };

const ANSWER_DEADLINE_MS = 3_000;

/** By process number. @throws SystemError PERMISSION_DENIED */
export async function askInstances(
	directory: string,
	deadlineMs = ANSWER_DEADLINE_MS,
): Promise<readonly InstanceAnswer[]> {
	const answers = await Promise.all(
		listControlSockets(directory).map(({ path, pid }) =>
			askOne({ path, pid, deadlineMs }),
		),
	);
	return answers.filter((answer) => answer !== null);
}

/** How many instances run on this host in other network namespaces. @throws SystemError PERMISSION_DENIED */
export async function countInstancesElsewhere(
	directory: string,
): Promise<number> {
	const paths = siblingDirectories(directory)
		.flatMap(listControlSockets)
		.map(({ path }) => path);
	const areAnswering = await Promise.all(paths.map(isAnswering));
	return areAnswering.filter(Boolean).length;
}

interface Question {
	readonly path: string;
	readonly pid: number;
	readonly deadlineMs: number;
}

/** Null when it ended in order in this very moment. */
async function askOne(question: Question): Promise<InstanceAnswer | null> {
	const { path, pid, deadlineMs } = question;
	try {
		const { answer, connection } = await converse(
			path,
			{ version: CONTROL_VERSION, request: "status" },
			deadlineMs,
		);
		connection.destroy();
		if (answer?.kind === "status")
			return { kind: "answered", instance: answer, path };
		const reason =
			answer?.kind === "error" ? answer.message : "its answer makes no sense";
		return { kind: "silent", pid, reason };
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "ENOENT") return null;
		if (errno === "ECONNREFUSED") return { kind: "dead", pid };
		const reason = error instanceof Error ? error.message : String(error);
		return { kind: "silent", pid, reason };
	}
}

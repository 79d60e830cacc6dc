// Asks every running instance of a network namespace for its status, each with a deadline of its own.

import { connect } from "node:net";
import type {
	ControlAnswer,
	ControlRequest,
	InstanceDescription,
} from "@tunscope/shared/lean";
import {
	listControlSockets,
	openSocketAddress,
	siblingDirectories,
} from "../system/control-socket-files.js";
import { errnoNameOf } from "../system/system-error.js";
import { isAnswering } from "./socket-probe.js";

export type InstanceAnswer =
	| { readonly kind: "answered"; readonly instance: InstanceDescription }
	/** It ended without cleaning up. */
	| { readonly kind: "dead"; readonly pid: number }
	/** It runs, but said nothing that makes sense. `reason` is the end of a sentence. */
	| { readonly kind: "silent"; readonly pid: number; readonly reason: string };

const ANSWER_DEADLINE_MS = 3_000;
/** Thousands of tunnels. */
const MAX_ANSWER_CHARACTERS = 16_000_000;

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
	const { address, release } = openSocketAddress(path);
	try {
		const line = await readAnswer(address, deadlineMs);
		const answer = await parseAnswer(line);
		if (answer === null)
			return { kind: "silent", pid, reason: "its answer makes no sense" };
		return answer.kind === "status"
			? { kind: "answered", instance: answer }
			: { kind: "silent", pid, reason: answer.message };
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "ENOENT") return null;
		if (errno === "ECONNREFUSED") return { kind: "dead", pid };
		const reason = error instanceof Error ? error.message : String(error);
		return { kind: "silent", pid, reason };
	} finally {
		release();
	}
}

function readAnswer(address: string, deadlineMs: number): Promise<string> {
	const request: ControlRequest = { version: 1, request: "status" };
	return new Promise((resolve, reject) => {
		const connection = connect(address);
		const fail = (error: Error) => {
			clearTimeout(timer);
			connection.destroy();
			reject(error);
		};
		const timer = setTimeout(
			() => fail(new Error(`it does not answer within ${deadlineMs} ms`)),
			deadlineMs,
		);
		let received = "";
		connection.setEncoding("utf8");
		connection.on("data", (text: string) => {
			received += text;
			if (received.length > MAX_ANSWER_CHARACTERS)
				fail(new Error("its answer is too long"));
		});
		connection.once("error", fail);
		connection.once("end", () => {
			clearTimeout(timer);
			resolve(received);
		});
		connection.write(`${JSON.stringify(request)}\n`);
	});
}

async function parseAnswer(line: string): Promise<ControlAnswer | null> {
	// Only who asks loads the schema's library.
	const { controlAnswerSchema } = await import("@tunscope/shared");
	try {
		return controlAnswerSchema.parse(JSON.parse(line));
	} catch {
		return null;
	}
}

// `tunscope capture`: finds the tunnel, and carries its packets from the instance's socket to a file or a pipe.

import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CONTROL_VERSION } from "@tunscope/shared/lean";
import { WholeBlocks } from "../capture/whole-blocks.js";
import type { Environment } from "../config/environment.js";
import { converse } from "../control/converse.js";
import { writeCaptureFile } from "../storage/capture-file.js";
import { errnoNameOf } from "../system/system-error.js";
import { findTunnels } from "./asked-instances.js";
import type { CaptureQuestion } from "./capture-command.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { formatWhole } from "./format-quantity.js";

export interface CaptureOptions {
	readonly question: CaptureQuestion;
	readonly environment: Environment;
	readonly out: Writable & { readonly isTTY?: boolean };
	readonly err: Pick<NodeJS.WriteStream, "write">;
	/** Aborted when the one who follows has seen enough. */
	readonly enough: AbortSignal;
}

const ANSWER_DEADLINE_MS = 5_000;

/** @throws SystemError PERMISSION_DENIED, OUTPUT_FILE_UNWRITABLE */
export async function runCapture(options: CaptureOptions): Promise<ExitCode> {
	const { question, environment, out, err } = options;
	const { name, outputPath, isFollowing } = question;
	const complain = (sentence: string) =>
		void err.write(`tunscope: ${sentence}\n`);
	if (outputPath === null && out.isTTY === true) {
		complain(
			`a capture is nothing to read on a terminal: name a file (tunscope capture ${name} -o ${name}.pcapng), or pipe it (tunscope capture ${name} | tshark -r -).`,
		);
		return EXIT.usage;
	}
	const { instances, exitCode } = await findTunnels(
		[name],
		environment,
		complain,
	);
	const [instance] = instances;
	if (instance === undefined) return exitCode;
	const { answer, connection } = await converse(
		instance.path,
		{ version: CONTROL_VERSION, request: "capture", tunnel: name, isFollowing },
		ANSWER_DEADLINE_MS,
	);
	if (answer?.kind !== "capture") {
		connection.destroy();
		complain(
			answer?.kind === "error"
				? answer.message
				: `process ${instance.pid} gives an answer that makes no sense.`,
		);
		return EXIT.tunnelNotRunning;
	}
	return carry(connection, { ...options, complain });
}

interface Carrying extends CaptureOptions {
	readonly complain: (sentence: string) => void;
}

async function carry(connection: Socket, options: Carrying): Promise<ExitCode> {
	const { question, out, complain, enough } = options;
	const { name, outputPath, isFollowing } = question;
	const blocks = new WholeBlocks();
	const stop = () => void connection.destroy();
	enough.addEventListener("abort", stop);
	const source = wholeBlocks(connection, blocks);
	try {
		if (outputPath === null) await pipeline(source, out, { end: false });
		else await writeCaptureFile(outputPath, source);
	} catch (error) {
		// A reader that has seen enough is no failure: `tunscope capture home | head`.
		if (outputPath === null && errnoNameOf(error) === "EPIPE") return EXIT.ok;
		throw error;
	} finally {
		enough.removeEventListener("abort", stop);
		connection.destroy();
	}
	if (outputPath !== null)
		complain(
			`${formatWhole(blocks.packets)} packets of ${name} are in ${outputPath}.`,
		);
	if (blocks.isComplete || (isFollowing && enough.aborted)) return EXIT.ok;
	complain("the capture was cut off before its end.");
	return EXIT.tunnelNotRunning;
}

/** What came before a connection breaks off stands as it is: by us, or by an instance that ends. */
async function* wholeBlocks(
	connection: Socket,
	blocks: WholeBlocks,
): AsyncGenerator<Uint8Array, void> {
	try {
		for await (const piece of connection) yield blocks.push(piece);
	} catch (error) {
		if (error instanceof RangeError) throw error;
	}
}

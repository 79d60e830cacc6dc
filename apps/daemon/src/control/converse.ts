// Asks one instance one thing: the first line of its answer, and the connection on which more may follow.

import { connect, type Socket } from "node:net";
import type { ControlAnswer, ControlRequest } from "@tunscope/shared/lean";
import { openSocketAddress } from "../system/control-socket-files.js";

/** Thousands of tunnels. */
const MAX_LINE_BYTES = 16_000_000;
const NEWLINE = 0x0a;

export interface Conversation {
	/** Null when it makes no sense. */
	readonly answer: ControlAnswer | null;
	/** Paused; what stood behind the first line comes first. Destroy it when it is not needed any more. */
	readonly connection: Socket;
}

/** @throws Error, also when nothing comes within the deadline */
export async function converse(
	path: string,
	request: ControlRequest,
	deadlineMs: number,
): Promise<Conversation> {
	const { address, release } = openSocketAddress(path);
	const connection = connect(address);
	// Whoever reads on hears of it there.
	connection.on("error", () => undefined);
	try {
		const line = await firstLine(connection, request, deadlineMs);
		return { answer: await parseAnswer(line), connection };
	} catch (error) {
		connection.destroy();
		throw error;
	} finally {
		release();
	}
}

function firstLine(
	connection: Socket,
	request: ControlRequest,
	deadlineMs: number,
): Promise<string> {
	return new Promise((resolve, reject) => {
		const pieces: Buffer[] = [];
		let bytes = 0;
		const settle = (act: () => void) => {
			clearTimeout(timer);
			connection.off("data", onBytes);
			connection.off("end", onEnd);
			connection.off("error", fail);
			connection.pause();
			act();
		};
		const fail = (error: Error) => settle(() => reject(error));
		const onEnd = () =>
			settle(() => resolve(Buffer.concat(pieces).toString("utf8")));
		const onBytes = (piece: Buffer) => {
			const end = piece.indexOf(NEWLINE);
			pieces.push(end < 0 ? piece : piece.subarray(0, end));
			bytes += piece.length;
			if (end >= 0) {
				onEnd();
				if (end + 1 < piece.length) connection.unshift(piece.subarray(end + 1));
				return;
			}
			if (bytes > MAX_LINE_BYTES) fail(new Error("its answer is too long"));
		};
		const timer = setTimeout(
			() => fail(new Error(`it does not answer within ${deadlineMs} ms`)),
			deadlineMs,
		);
		connection.on("data", onBytes);
		connection.once("end", onEnd);
		connection.once("error", fail);
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

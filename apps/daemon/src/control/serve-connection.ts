// One connection on the control socket: a line in, a line out, perhaps a stream behind it; whoever is slow or silent is cut off.

import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ControlAnswer, ControlRequest } from "@tunscope/shared/lean";
import {
	MAX_REQUEST_BYTES,
	parseControlRequest,
	type Refusal,
	refuse,
} from "./control-request.js";

export interface Reply {
	readonly answer: ControlAnswer;
	/** What follows the line; null for nothing. It is asked for no more than is read. */
	readonly body: AsyncIterable<Uint8Array | string> | null;
}

/** `viewer` is aborted when the asker has closed its side, which is how one that follows goes. May reject. */
export type Respond = (
	request: ControlRequest,
	viewer: AbortSignal,
) => Promise<Reply | Refusal>;

export interface ConnectionParts {
	readonly respond: Respond;
	readonly limits: {
		readonly connectionMs: number;
		readonly stallMs: number;
		readonly viewers: number;
	};
	/** Connections with a body under way. */
	readonly viewers: Set<Socket>;
}

export function serveConnection(
	connection: Socket,
	parts: ConnectionParts,
): void {
	const timer = setTimeout(
		() => connection.destroy(),
		parts.limits.connectionMs,
	).unref();
	const leaving = new AbortController();
	connection.once("close", () => {
		clearTimeout(timer);
		parts.viewers.delete(connection);
		leaving.abort();
	});
	connection.on("error", () => connection.destroy());
	let received = "";
	let isAnswered = false;
	connection.setEncoding("latin1");
	connection.on("data", (text: string) => {
		if (isAnswered) return;
		received += text;
		const end = received.indexOf("\n");
		if (end < 0 && received.length <= MAX_REQUEST_BYTES) return;
		isAnswered = true;
		const line = received.slice(0, end < 0 ? undefined : end);
		void replyTo(line, { connection, leaving, parts, timer });
	});
	connection.once("end", () => {
		if (!isAnswered) connection.end();
	});
}

interface Exchange {
	readonly connection: Socket;
	readonly leaving: AbortController;
	readonly parts: ConnectionParts;
	readonly timer: NodeJS.Timeout;
}

/** Never rejects. */
async function replyTo(line: string, exchange: Exchange): Promise<void> {
	const { connection, leaving, parts, timer } = exchange;
	const reply = await responseTo(line, exchange);
	if ("refused" in reply) return endWith(connection, reply.refused);
	const { answer, body } = reply;
	if (body === null) return endWith(connection, answer);
	if (parts.viewers.size >= parts.limits.viewers)
		return endWith(
			connection,
			refuse(
				"too-many-viewers",
				`${parts.limits.viewers} viewers read from this instance already: end one of them.`,
			).refused,
		);
	parts.viewers.add(connection);
	clearTimeout(timer);
	// On a Unix socket nothing else tells that the other side is gone, until something is written.
	if (connection.readableEnded) leaving.abort();
	connection.once("end", () => leaving.abort());
	connection.write(lineOf(answer));
	try {
		await sendBody(connection, body, parts.limits.stallMs);
	} catch {
		connection.destroy();
	}
}

async function responseTo(
	line: string,
	{ parts, leaving }: Exchange,
): Promise<Reply | Refusal> {
	if (line.length > MAX_REQUEST_BYTES)
		return refuse(
			"bad-request",
			`A request has at most ${MAX_REQUEST_BYTES} bytes.`,
		);
	const request = parseControlRequest(line);
	if ("refused" in request) return request;
	try {
		return await parts.respond(request, leaving.signal);
	} catch (error) {
		return refuse(
			"failed",
			`The ${request.request} could not be made: ${String(error)}`,
		);
	}
}

/** No further than the viewer reads: at most one piece waits here. */
async function sendBody(
	connection: Socket,
	body: AsyncIterable<Uint8Array | string>,
	stallMs: number,
): Promise<void> {
	for await (const piece of body) {
		if (connection.destroyed) return;
		// The main thread has other things to do as well.
		if (connection.write(piece)) await nextTurn();
		else await progress(connection, "drain", stallMs);
	}
	if (connection.destroyed) return;
	connection.end();
	if (!connection.writableFinished)
		await progress(connection, "finish", stallMs);
	connection.destroy();
}

/** Settles when the viewer has taken what was written, or is gone; it is cut off after that time. */
function progress(
	connection: Socket,
	event: "drain" | "finish",
	stallMs: number,
): Promise<void> {
	return new Promise((resolve) => {
		const settle = () => {
			clearTimeout(timer);
			connection.off(event, settle);
			connection.off("close", settle);
			resolve();
		};
		const timer = setTimeout(() => {
			connection.destroy();
			settle();
		}, stallMs).unref();
		connection.on(event, settle);
		connection.on("close", settle);
	});
}

function endWith(connection: Socket, answer: ControlAnswer): void {
	connection.end(lineOf(answer));
}

function lineOf(answer: ControlAnswer): string {
	return `${JSON.stringify(answer)}\n`;
}

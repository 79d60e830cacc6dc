import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTROL_VERSION } from "@tunscope/shared/lean";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	type Reply,
	type Respond,
	serveConnection,
} from "./serve-connection.js";

const REQUEST = `{"version":${CONTROL_VERSION},"request":"capture","tunnel":"a","isFollowing":true}\n`;
const HEAD = {
	version: CONTROL_VERSION,
	kind: "capture",
	tunnel: "a",
} as const;
const PIECE = new Uint8Array(64 * 1024).fill(7);

let folder = "";
let server: Server;
let viewers: Set<Socket>;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "tunscope-viewers-"));
});
afterEach(async () => {
	for (const viewer of viewers) viewer.destroy();
	server.close();
	await once(server, "close");
	rmSync(folder, { recursive: true, force: true });
});

async function serve(
	respond: Respond,
	limits: Partial<{ connectionMs: number; stallMs: number; viewers: number }>,
): Promise<string> {
	viewers = new Set();
	const path = join(folder, "s");
	server = createServer({ allowHalfOpen: true }, (connection) =>
		serveConnection(connection, {
			respond,
			viewers,
			limits: { connectionMs: 5_000, stallMs: 5_000, viewers: 2, ...limits },
		}),
	).listen(path);
	await once(server, "listening");
	return path;
}

function streaming(body: AsyncIterable<Uint8Array>): Respond {
	return async (): Promise<Reply> => ({ answer: HEAD, body });
}

async function bytesOf(connection: Socket): Promise<number> {
	let bytes = 0;
	for await (const piece of connection) bytes += piece.length;
	return bytes;
}

describe("a viewer of a stream", () => {
	it("gets the line and every piece, also behind the limit of a plain answer", async () => {
		async function* body() {
			for (let piece = 0; piece < 20; piece++) {
				yield PIECE;
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
		}
		const path = await serve(streaming(body()), { connectionMs: 100 });
		const connection = connect(path);
		connection.write(REQUEST);
		const line = `${JSON.stringify(HEAD)}\n`;
		expect(await bytesOf(connection)).toBe(line.length + 20 * PIECE.length);
	});

	it("that never reads costs a few pieces, and is cut off", async () => {
		let made = 0;
		let isOver = false;
		async function* body() {
			try {
				for (;;) {
					made++;
					yield PIECE;
				}
			} finally {
				isOver = true;
			}
		}
		const path = await serve(streaming(body()), { stallMs: 200 });
		const connection = connect(path);
		connection.on("error", () => undefined);
		connection.pause();
		connection.write(REQUEST);
		await once(connection, "connect");
		await expect.poll(() => isOver, { timeout: 5_000 }).toBe(true);
		// What fits the kernel's buffers of the socket, and one more.
		expect(made).toBeLessThan(40);
		// "close" comes a turn later.
		await expect.poll(() => viewers.size).toBe(0);
		connection.destroy();
	});

	it("that goes is told of, although nothing is written", async () => {
		let left: AbortSignal | null = null;
		const path = await serve(async (_request, viewer) => {
			left = viewer;
			async function* silent() {
				yield PIECE;
				await new Promise((resolve) =>
					viewer.addEventListener("abort", resolve),
				);
			}
			return { answer: HEAD, body: silent() };
		}, {});
		const connection = connect(path);
		connection.write(REQUEST);
		await once(connection, "data");
		expect(left).toMatchObject({ aborted: false });
		connection.destroy();
		await expect.poll(() => left).toMatchObject({ aborted: true });
		await expect.poll(() => viewers.size).toBe(0);
	});

	it("beyond the limit is refused in a sentence, and there is room again when one has gone", async () => {
		const path = await serve(
			async (_request, viewer) => {
				async function* silent() {
					yield PIECE;
					await new Promise((resolve) =>
						viewer.addEventListener("abort", resolve),
					);
				}
				return { answer: HEAD, body: silent() };
			},
			{ viewers: 1 },
		);
		const first = connect(path);
		first.write(REQUEST);
		await once(first, "data");
		const second = connect(path);
		second.write(REQUEST);
		const [refusal] = await once(second, "data");
		expect(JSON.parse(String(refusal))).toMatchObject({
			kind: "error",
			code: "too-many-viewers",
		});
		first.destroy();
		await expect.poll(() => viewers.size).toBe(0);
		const third = connect(path);
		third.write(REQUEST);
		const [head] = await once(third, "data");
		expect(String(head)).toContain('"kind":"capture"');
		third.destroy();
	});

	it("sees the connection break where the stream does", async () => {
		async function* broken() {
			yield PIECE;
			throw new Error("planted");
		}
		const path = await serve(streaming(broken()), {});
		const connection = connect(path);
		connection.on("error", () => undefined);
		connection.write(REQUEST);
		expect(await bytesOf(connection).catch(() => -1)).toBeLessThanOrEqual(
			PIECE.length + 100,
		);
	});
});

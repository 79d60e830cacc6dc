// Many short-lived applications: `node churn-main.js '<JSON>'` opens new UDP sockets at a steady rate, one datagram each.

import { createSocket, type Socket } from "node:dgram";
import { z } from "zod";

const configSchema = z
	.object({
		family: z.union([z.literal(4), z.literal(6)]),
		address: z.string(),
		port: z.number().int(),
		/** New sockets per second. */
		rate: z.number().positive().max(5_000),
		seconds: z.number().positive().max(600),
	})
	.strict();

/** Too short for the test datagrams' header, so that the far end counts it as belonging to no flow. */
const DATAGRAM = Buffer.alloc(20, 0x2a);
const TURN_MS = 4;
/** An answer would find its socket for so long. */
const OPEN_MS = 250;

const { family, address, port, rate, seconds } = configSchema.parse(
	JSON.parse(process.argv[2] ?? ""),
);
let opened = 0;
let failed = 0;

function openOne(): void {
	opened += 1;
	const socket: Socket = createSocket(family === 4 ? "udp4" : "udp6");
	socket.on("error", () => {
		failed += 1;
	});
	socket.send(DATAGRAM, port, address, () => {
		setTimeout(() => socket.close(), OPEN_MS);
	});
}

const startedMs = performance.now();
const timer = setInterval(() => {
	const elapsedMs = performance.now() - startedMs;
	const due = Math.min(elapsedMs / 1_000, seconds) * rate;
	while (opened < Math.floor(due)) openOne();
	if (elapsedMs < seconds * 1_000) return;
	clearInterval(timer);
	// The sockets close by themselves, then nothing keeps the process.
	process.on("exit", () => {
		process.stdout.write(`${JSON.stringify({ opened, failed })}\n`);
	});
}, TURN_MS);

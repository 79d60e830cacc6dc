// One application with one flow: `node lone-flow-main.js '<JSON>'` says hello, then stops reading, or says when it was answered.

import { createSocket } from "node:dgram";
import { z } from "zod";
import { FULL_FORM_BYTES, STREAM, writeDatagram } from "./datagram-form.js";

const { family, address, port, flow, afterHello } = z
	.object({
		family: z.union([z.literal(4), z.literal(6)]),
		address: z.string(),
		port: z.number().int(),
		/** Number that the answerer knows this flow by. */
		flow: z.number().int(),
		/** "stall": the process stops, its buffer fills; whoever started it ends it with SIGKILL. */
		afterHello: z.enum(["stall", "await-answer"]),
	})
	.strict()
	.parse(JSON.parse(process.argv[2] ?? ""));

const REPEAT_MS = 100;

const hello = Buffer.alloc(FULL_FORM_BYTES);
writeDatagram(hello, 0, {
	stream: STREAM.hello,
	flow,
	sequence: 0,
	size: hello.length,
});
const socket = createSocket(family === 4 ? "udp4" : "udp6");
const startedMs = performance.now();

function sayHello(onSent: () => void): void {
	socket.send(hello, port, address, onSent);
}

if (afterHello === "stall") {
	sayHello(() => {
		process.stdout.write("stalled\n");
		process.kill(process.pid, "SIGSTOP");
	});
} else {
	const timer = setInterval(() => sayHello(() => undefined), REPEAT_MS);
	sayHello(() => undefined);
	socket.once("message", () => {
		clearInterval(timer);
		process.stdout.write(
			`answered after ${(performance.now() - startedMs).toFixed(0)} ms\n`,
		);
		socket.close();
	});
}

// Entry of a tunnel's worker thread.

import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "@tunscope/fake-tcp";
import { createNativePacketIo, TunError } from "@tunscope/tun";
import { TunnelWorker } from "./tunnel-worker.js";
import type {
	FromWorker,
	ToWorker,
	TunnelWorkerInput,
} from "./worker-protocol.js";

invariant(parentPort !== null, "this file runs as a worker thread");
const port = parentPort;
const post = (message: FromWorker): void => port.postMessage(message);

try {
	const worker = new TunnelWorker(
		workerData as TunnelWorkerInput,
		createNativePacketIo(),
		post,
	);
	port.on("message", (message: ToWorker) => {
		worker.receive(message);
		if (message.kind === "stop") port.close();
	});
	worker.start();
} catch (error) {
	if (!(error instanceof TunError)) throw error;
	const { code, message, whatToDo } = error;
	post({ kind: "failed", code, message, whatToDo });
	port.close();
}

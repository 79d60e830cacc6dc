// Entry of a tunnel's worker thread.

import { setPriority } from "node:os";
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

/** Ahead of ordinary programs: what waits here is everybody's traffic. The kernel's own network work has no nice value at all. */
const WORKER_NICE = -5;

function preferThisThread(): void {
	try {
		// On Linux this is the calling thread's priority, not the whole process's.
		setPriority(WORKER_NICE);
	} catch {
		// Without CAP_SYS_NICE the tunnel works as well, only its first answers come later on a busy machine.
	}
}

preferThisThread();
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

// One run of a tunnel's worker thread: messages both ways, an orderly stop with a deadline, one report of its end.

import { Worker } from "node:worker_threads";
import type {
	FromWorker,
	ToWorker,
	TunnelWorkerInput,
} from "./worker-protocol.js";

/** A thread that does not even end when terminated must not hold up the exit. */
const TERMINATE_DEADLINE_MS = 300;

export interface ThreadEnd {
	/** What the worker threw, null when it ended by itself or was ended. */
	readonly error: Error | null;
	readonly ranMs: number;
}

export interface TunnelThreadOptions {
	readonly url: URL;
	readonly input: TunnelWorkerInput;
	readonly onMessage: (message: FromWorker, thread: TunnelThread) => void;
	/** Called once, also after `stop`. */
	readonly onEnd: (end: ThreadEnd, thread: TunnelThread) => void;
}

/** The worker allocates nothing per datagram, so a larger nursery would only be memory that lies idle. */
const YOUNG_GENERATION_MB = 2;

export class TunnelThread {
	readonly #worker: Worker;
	readonly #hasExited: Promise<void>;
	readonly #hasStopped: Promise<void>;
	#error: Error | null = null;

	constructor(options: TunnelThreadOptions) {
		const startedAtMs = performance.now();
		const worker = new Worker(options.url, {
			workerData: options.input,
			resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
		});
		this.#worker = worker;
		this.#hasStopped = new Promise((resolve) => {
			worker.on("message", (message: FromWorker) => {
				if (message.kind === "stopped") resolve();
				options.onMessage(message, this);
			});
		});
		worker.on("error", (error: unknown) => {
			this.#error = error instanceof Error ? error : new Error(String(error));
		});
		this.#hasExited = new Promise((resolve) => {
			worker.on("exit", () => {
				resolve();
				const ranMs = performance.now() - startedAtMs;
				options.onEnd({ error: this.#error, ranMs }, this);
			});
		});
	}

	/** A message to a worker that has ended is lost, silently. */
	post(message: ToWorker): void {
		this.#worker.postMessage(message);
	}

	/** Lets the worker close its flows and its TUN for at most `deadlineMs`, then ends it. */
	async stop(deadlineMs: number): Promise<void> {
		this.post({ kind: "stop" });
		await within(deadlineMs, Promise.race([this.#hasStopped, this.#hasExited]));
		await this.terminate();
	}

	async terminate(): Promise<void> {
		await within(TERMINATE_DEADLINE_MS, this.#worker.terminate());
	}
}

async function within(
	deadlineMs: number,
	work: Promise<unknown>,
): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const deadline = new Promise((resolve) => {
		timer = setTimeout(resolve, deadlineMs);
	});
	await Promise.race([work, deadline]);
	clearTimeout(timer);
}

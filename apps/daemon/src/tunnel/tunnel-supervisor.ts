// Keeps one tunnel's worker alive: starts it, prepares the host for its TUN, restarts it after a crash, stops it in order.

import { randomFillSync } from "node:crypto";
import type { AnomalyReport } from "../anomaly/anomaly-report.js";
import { createCaptureMemory } from "../capture/capture-memory.js";
import { createCounterMemory } from "./counter-layout.js";
import {
	type CounterSample,
	readCounterSample,
	resetGauges,
} from "./counter-sample.js";
import { type TunnelFailure, toFailure } from "./failure.js";
import {
	createRestartBackoff,
	type RestartBackoff,
} from "./restart-backoff.js";
import type { TunnelEnd, TunnelEvent, TunnelState } from "./tunnel-event.js";
import { type ThreadEnd, TunnelThread } from "./tunnel-thread.js";
import type {
	FlowDescription,
	FromWorker,
	ResolvedAddress,
	ToWorker,
	TunnelWorkerInput,
} from "./worker-protocol.js";

type TunLinkNow = Extract<ToWorker, { readonly kind: "tun-link" }>;

/** The part of the host that a tunnel needs; HostSetup in the product. */
export interface TunnelHost {
	/** Makes a TUN usable; may be called again for the same or another one. */
	configureTun(tunName: string): Promise<{ readonly linkMtuBytes: number }>;
	/** Undoes everything; idempotent. */
	undo(): Promise<void>;
}

export interface TunnelSupervisorOptions {
	readonly input: Omit<TunnelWorkerInput, "counters" | "capture" | "seed">;
	readonly host: TunnelHost;
	readonly onEvent: (event: TunnelEvent) => void;
	/** A link, an address or a route changed; `isOverrun`: what, is not known. */
	readonly onHostChanged?: (isOverrun: boolean) => void;
	/** A remote that should answer does not. */
	readonly onPeerSilent?: () => void;
	readonly onAnomalies?: (reports: readonly AnomalyReport[]) => void;
	/** Another worker module; tests have one that only speaks the protocol. */
	readonly workerUrl?: URL;
	readonly backoff?: RestartBackoff;
	readonly stopDeadlineMs?: number;
}

/** Longest wait for a worker to close its flows; with the host's part the whole stop stays under 2 s. */
const STOP_DEADLINE_MS = 1_200;
const LIST_FLOWS_DEADLINE_MS = 1_000;

export class TunnelSupervisor {
	/** Settles once the host is as it was, however the tunnel came to its end. Rejects when undoing failed. */
	readonly ended: Promise<TunnelEnd>;
	readonly #options: TunnelSupervisorOptions;
	readonly #memory = createCounterMemory();
	readonly #counters = new Float64Array(this.#memory);
	/** Of the capture ring, which outlives the worker; null when nothing is captured. */
	readonly captureMemory: SharedArrayBuffer | null;
	readonly #backoff: RestartBackoff;
	readonly #flowRequests = new Map<
		number,
		(flows: readonly FlowDescription[]) => void
	>();
	#startEnding: (failure: TunnelFailure | null) => void = () => undefined;
	#state: TunnelState = "starting";
	#thread: TunnelThread | null = null;
	#restartTimer: NodeJS.Timeout | null = null;
	#tunName = "";
	#remotes: readonly ResolvedAddress[];
	#hasRun = false;
	#isEnding = false;
	/** Why the present thread has to go, when it said so or its host could not be prepared. */
	#threadFailure: TunnelFailure | null = null;
	#nextRequestId = 1;

	constructor(options: TunnelSupervisorOptions) {
		this.#options = options;
		this.#remotes = options.input.remotes;
		const { capture } = options.input.config;
		this.captureMemory =
			capture === undefined
				? null
				: createCaptureMemory({ ...capture, baseUnixMs: Date.now() });
		this.#backoff = options.backoff ?? createRestartBackoff();
		const ending = new Promise<TunnelFailure | null>((resolve) => {
			this.#startEnding = resolve;
		});
		this.ended = ending.then((failure) => this.#endInOrder(failure));
		resetGauges(this.#counters);
	}

	get state(): TunnelState {
		return this.#state;
	}

	/** Idempotent. */
	start(): void {
		if (this.#thread !== null || this.#restartTimer !== null || this.#isEnding)
			return;
		this.#startThread();
	}

	/** Flows closed, TUN gone, host as before. Idempotent. @throws what the host's part throws */
	async stop(): Promise<void> {
		this.#end(null);
		await this.ended;
	}

	/** Totals and present values; never blocks, whatever the worker does. */
	sample(nowMs: number): CounterSample {
		return readCounterSample(this.#counters, nowMs);
	}

	setLinkMtu(linkMtuBytes: number): void {
		this.#thread?.post({ kind: "link-mtu", linkMtuBytes });
	}

	/** The remote's name leads to these now; a worker that is started later gets them too. */
	setRemotes(remotes: readonly ResolvedAddress[]): void {
		this.#remotes = remotes;
		this.#thread?.post({ kind: "remotes", remotes });
	}

	/** The path to these peers (null: to all) is another one: their flows begin anew. */
	renewFlows(peers: readonly string[] | null): void {
		this.#thread?.post({ kind: "renew-flows", peers });
	}

	/** Every flow gets a successor on a new port, and is left when that is open. A tunnel without a worker has none. */
	reconnect(): void {
		this.#thread?.post({ kind: "reconnect" });
	}

	/** The machine had slept: peers that do not answer are given up soon. */
	doubtPeers(): void {
		this.#thread?.post({ kind: "doubt-peers" });
	}

	/** The TUN as it is, after events about it were lost. */
	noteTunLink(link: Omit<TunLinkNow, "kind">): void {
		this.#thread?.post({ kind: "tun-link", ...link });
	}

	/** At most `limit` flows; none when the worker does not answer within a second. */
	listFlows(limit: number): Promise<readonly FlowDescription[]> {
		const thread = this.#thread;
		if (thread === null) return Promise.resolve([]);
		const requestId = this.#nextRequestId++;
		return new Promise((resolve) => {
			const settle = (flows: readonly FlowDescription[]) => {
				clearTimeout(timer);
				this.#flowRequests.delete(requestId);
				resolve(flows);
			};
			const timer = setTimeout(() => settle([]), LIST_FLOWS_DEADLINE_MS);
			this.#flowRequests.set(requestId, settle);
			thread.post({ kind: "list-flows", requestId, limit });
		});
	}

	#startThread(): void {
		const [one = 0, two = 0, three = 0, four = 0] = randomFillSync(
			new Uint32Array(4),
		);
		this.#restartTimer = null;
		this.#threadFailure = null;
		this.#setState("starting");
		this.#thread = new TunnelThread({
			url: this.#options.workerUrl ?? new URL("./worker.js", import.meta.url),
			input: {
				...this.#options.input,
				remotes: this.#remotes,
				counters: this.#memory,
				capture: this.captureMemory,
				seed: [one, two, three, four],
			},
			onMessage: (message, thread) => {
				if (thread === this.#thread) this.#onMessage(message, thread);
			},
			onEnd: (end, thread) => {
				if (thread === this.#thread) this.#onThreadEnd(end);
			},
		});
	}

	#onMessage(message: FromWorker, thread: TunnelThread): void {
		if (message.kind === "flows") {
			this.#flowRequests.get(message.requestId)?.(message.flows);
			return;
		}
		if (message.kind === "stopped") return;
		if (message.kind === "host-changed")
			return this.#options.onHostChanged?.(message.isOverrun);
		if (message.kind === "peer-silent") return this.#options.onPeerSilent?.();
		if (message.kind === "anomalies")
			return this.#options.onAnomalies?.(message.reports);
		if (message.kind === "failed") {
			const { code, message: sentence, whatToDo } = message;
			this.#onFailure({ code, message: sentence, whatToDo }, thread);
			return;
		}
		this.#options.onEvent(message);
		if (this.#isEnding) return;
		if (message.kind === "tun-opened") {
			this.#tunName = message.tunName;
			this.#prepareHost(thread);
		}
		if (message.kind === "tun-lost") this.#onTunLost(message.cause);
		if (message.kind === "running" || message.kind === "tun-restored") {
			this.#hasRun = true;
			this.#setState("running");
		}
	}

	#prepareHost(thread: TunnelThread): void {
		this.#options.host.configureTun(this.#tunName).then(
			({ linkMtuBytes }) => thread.post({ kind: "host-ready", linkMtuBytes }),
			(error: unknown) => this.#onFailure(toFailure(error), thread),
		);
	}

	#onTunLost(cause: "deleted" | "down"): void {
		this.#setState("tun-lost");
		if (this.#options.input.config.onTunLost !== "exit") return;
		this.#end({
			code: "TUN_LOST",
			message: `The TUN ${this.#tunName} ${cause === "deleted" ? "was deleted" : "was taken down"}, and --on-tun-lost is exit.`,
			whatToDo: "Start tunscope again, or use --on-tun-lost recreate.",
		});
	}

	/** At the first start a failure of the world is the operator's to mend; later it may pass, so try again. */
	#onFailure(failure: TunnelFailure, thread: TunnelThread): void {
		if (this.#isEnding || thread !== this.#thread) return;
		if (!this.#hasRun) {
			this.#end(failure);
			return;
		}
		this.#threadFailure = failure;
		void thread.terminate();
	}

	#onThreadEnd({ error, ranMs }: ThreadEnd): void {
		this.#thread = null;
		resetGauges(this.#counters);
		for (const settle of this.#flowRequests.values()) settle([]);
		if (this.#isEnding) return;
		const restartInMs = this.#backoff.delayAfterRunMs(ranMs);
		this.#setState("restarting");
		this.#options.onEvent({
			kind: "worker-ended",
			error,
			failure: this.#threadFailure,
			restartInMs,
		});
		this.#restartTimer = setTimeout(() => this.#startThread(), restartInMs);
	}

	#end(failure: TunnelFailure | null): void {
		if (this.#isEnding) return;
		this.#isEnding = true;
		this.#startEnding(failure);
	}

	async #endInOrder(failure: TunnelFailure | null): Promise<TunnelEnd> {
		this.#setState("stopping");
		if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
		await this.#thread?.stop(this.#options.stopDeadlineMs ?? STOP_DEADLINE_MS);
		await this.#options.host.undo();
		this.#setState(failure === null ? "stopped" : "failed");
		return failure === null ? { kind: "stopped" } : { kind: "failed", failure };
	}

	#setState(state: TunnelState): void {
		if (this.#state === state) return;
		this.#state = state;
		this.#options.onEvent({ kind: "state", state });
	}
}

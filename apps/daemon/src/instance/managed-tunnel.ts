// One tunnel of an instance, from start to end: attempts one after another until it runs, is stopped, or cannot be helped.

import { setTimeout as delay } from "node:timers/promises";
import type { TunnelConfig, TunnelRequest } from "@tunscope/shared/lean";
import type { AnomalyRing } from "../anomaly/anomaly-ring.js";
import { TunnelAnomalies } from "../anomaly/tunnel-anomalies.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import { type TunnelFailure, toFailure } from "../tunnel/failure.js";
import {
	createRestartBackoff,
	type RestartBackoff,
} from "../tunnel/restart-backoff.js";
import type {
	TunnelEnd,
	TunnelEvent,
	TunnelState,
} from "../tunnel/tunnel-event.js";
import type {
	FlowDescription,
	ResolvedAddress,
} from "../tunnel/worker-protocol.js";
import type { Tun } from "./choose-tun.js";
import { mayPass } from "./passing-failure.js";
import {
	type PreparedTunnel,
	prepareTunnel,
	type TunnelAttempt,
} from "./prepare-tunnel.js";

/** `waiting`: the last attempt failed and the next one is due. */
export type ManagedState = TunnelState | "waiting";

/** What a tunnel tells its observer: the running tunnel's events, and attempts that came to nothing. */
export type ManagedEvent =
	| TunnelEvent
	| {
			readonly kind: "start-failed";
			readonly failure: TunnelFailure;
			/** Null when it is not tried again. */
			readonly retryInMs: number | null;
	  };

/** Sees one tunnel through all its attempts. */
export interface TunnelObserver {
	onEvent(event: ManagedEvent): void;
	/** The ring that the tunnel's anomalies go to, once and before any of them. */
	onAnomalies?(ring: AnomalyRing): void;
	/** An attempt is about to start its worker: the name and the remotes are known now. */
	onPrepared(
		config: TunnelConfig,
		remotes: readonly ResolvedAddress[],
		tunnel: ManagedTunnel,
	): void;
	/** The worker has ended for good, the host is as before; the sample holds the attempt's totals. */
	onFinished(sample: CounterSample): void | Promise<void>;
}

export interface ManagedTunnelOptions
	extends Pick<
		TunnelAttempt,
		"request" | "environment" | "onNotice" | "onWatchError" | "workerUrl"
	> {
	/** What TUN the tunnel had before, asked before each attempt; and what it has got. */
	readonly recallTun: () => Tun | null;
	readonly rememberTun: (tun: Tun) => void;
	/** True: a failure that may pass is tried again. False: the first failure is the end. */
	readonly isRetried: boolean;
	readonly createObserver: () => TunnelObserver;
	readonly backoff?: RestartBackoff;
	/** Another way to a prepared tunnel; tests have one without a host. */
	readonly prepare?: typeof prepareTunnel;
}

/** Everything that can be said about a tunnel at one moment. */
export interface TunnelDescription {
	/** As configured: unique in the instance. */
	readonly name: string;
	/** In force; its name may have a suffix, where another process has a tunnel of the same name. */
	readonly config: TunnelConfig;
	readonly state: ManagedState;
	/** Monotonic milliseconds since the state was entered. */
	readonly inStateMs: number;
	/** Empty until they were resolved. */
	readonly remotes: readonly ResolvedAddress[];
	/** "" while there is none. */
	readonly tunName: string;
	/** The last one, also while the tunnel runs again; null when there was none. */
	readonly failure: TunnelFailure | null;
	/** Milliseconds until the next attempt; null unless `waiting`. */
	readonly retryInMs: number | null;
	/** Null until the first attempt got that far. */
	readonly sample: CounterSample | null;
}

const FIRST_RETRY_MS = 1_000;

export class ManagedTunnel {
	/** Settles once it is stopped or failed for good; the host is as before then. Never rejects. */
	readonly ended: Promise<TunnelEnd>;
	readonly #options: ManagedTunnelOptions;
	readonly #observer: TunnelObserver;
	readonly #backoff: RestartBackoff;
	readonly #anomalies: TunnelAnomalies;
	readonly #stopping = new AbortController();
	#state: ManagedState = "starting";
	#stateSinceMs = performance.now();
	#prepared: PreparedTunnel | null = null;
	#tunName = "";
	#failure: TunnelFailure | null = null;
	#retryAtMs: number | null = null;

	/** Starts at once. */
	constructor(options: ManagedTunnelOptions) {
		this.#options = options;
		this.#observer = options.createObserver();
		this.#anomalies = new TunnelAnomalies(this.name, (notice) =>
			this.#observer.onEvent(notice),
		);
		this.#observer.onAnomalies?.(this.#anomalies.ring);
		this.#backoff = options.backoff ?? createRestartBackoff(FIRST_RETRY_MS);
		this.ended = this.#run();
	}

	get request(): TunnelRequest {
		return this.#options.request;
	}

	get name(): string {
		return this.request.config.name;
	}

	/** The latest, through all attempts. */
	get anomalies(): AnomalyRing {
		return this.#anomalies.ring;
	}

	get state(): ManagedState {
		return this.#state;
	}

	/** Flows closed, TUN gone, host as before. Idempotent. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.ended;
	}

	/** Totals and present values; null until the first attempt got to its worker. */
	sample(nowMs: number): CounterSample | null {
		return this.#prepared?.supervisor.sample(nowMs) ?? null;
	}

	/** At most `limit` flows; none when the worker does not answer within a second. */
	listFlows(limit: number): Promise<readonly FlowDescription[]> {
		return this.#prepared?.supervisor.listFlows(limit) ?? Promise.resolve([]);
	}

	/** Memory of the present attempt's capture ring; null while there is none. */
	get captureMemory(): SharedArrayBuffer | null {
		return this.#prepared?.supervisor.captureMemory ?? null;
	}

	/** Every flow of a client goes on from a new port, without a gap. False while there is no worker to ask. */
	reconnect(): boolean {
		const supervisor = this.#prepared?.supervisor;
		if (supervisor === undefined || this.#state !== "running") return false;
		supervisor.reconnect();
		return true;
	}

	describe(nowMs: number): TunnelDescription {
		const { name } = this;
		const prepared = this.#prepared;
		return {
			name,
			config: prepared?.config ?? this.#plannedConfig(),
			state: this.#state,
			inStateMs: nowMs - this.#stateSinceMs,
			remotes: prepared?.remotes() ?? [],
			tunName: this.#tunName,
			failure: this.#failure,
			retryInMs:
				this.#retryAtMs === null ? null : Math.max(0, this.#retryAtMs - nowMs),
			sample: this.sample(nowMs),
		};
	}

	/** As far as it is known before the first attempt has claimed its TUN. */
	#plannedConfig(): TunnelConfig {
		const { config } = this.request;
		return { ...config, tun: this.#options.recallTun() ?? config.tun };
	}

	async #run(): Promise<TunnelEnd> {
		const { signal } = this.#stopping;
		for (;;) {
			const startedAtMs = performance.now();
			const end = await this.#attempt();
			this.#tunName = "";
			if (end.kind === "stopped") return this.#finish(end);
			this.#failure = end.failure;
			const { isRetried } = this.#options;
			const canRetry =
				isRetried && mayPass(end.failure.code) && !signal.aborted;
			const retryInMs = canRetry
				? this.#backoff.delayAfterRunMs(performance.now() - startedAtMs)
				: null;
			const { failure } = end;
			this.#observer.onEvent({ kind: "start-failed", failure, retryInMs });
			if (retryInMs === null) return this.#finish(end);
			this.#setState("waiting");
			this.#retryAtMs = performance.now() + retryInMs;
			await delay(retryInMs, undefined, { signal }).catch(() => undefined);
			this.#retryAtMs = null;
			if (signal.aborted) return this.#finish({ kind: "stopped" });
			this.#setState("starting");
		}
	}

	async #attempt(): Promise<TunnelEnd> {
		const { request, environment, onNotice, onWatchError, workerUrl } =
			this.#options;
		const stopSignal = this.#stopping.signal;
		try {
			const prepare = this.#options.prepare ?? prepareTunnel;
			const prepared = await prepare({
				request,
				tunBefore: this.#options.recallTun(),
				environment,
				onNotice,
				onWatchError,
				onEvent: (event) => this.#onEvent(event),
				onAnomalies: (reports) => this.#anomalies.take(reports),
				stopSignal,
				...(workerUrl === undefined ? {} : { workerUrl }),
			});
			if (prepared === null) return { kind: "stopped" };
			this.#prepared = prepared;
			this.#options.rememberTun(prepared.config.tun);
			return await this.#carry(prepared, stopSignal);
		} catch (error) {
			return { kind: "failed", failure: toFailure(error) };
		}
	}

	async #carry(
		{ config, remotes, supervisor, watch }: PreparedTunnel,
		stopSignal: AbortSignal,
	): Promise<TunnelEnd> {
		this.#observer.onPrepared(config, remotes(), this);
		// What the undoing throws comes out of `ended`.
		const stop = () => void supervisor.stop().catch(() => undefined);
		stopSignal.addEventListener("abort", stop);
		try {
			if (stopSignal.aborted) stop();
			supervisor.start();
			watch.start();
			return await supervisor.ended;
		} finally {
			watch.stop();
			stopSignal.removeEventListener("abort", stop);
			await this.#observer.onFinished(supervisor.sample(performance.now()));
		}
	}

	#onEvent(event: TunnelEvent): void {
		if (event.kind === "tun-opened") this.#tunName = event.tunName;
		if (event.kind === "state") this.#setState(event.state);
		this.#anomalies.takeEvent(event);
		this.#observer.onEvent(event);
	}

	#finish(end: TunnelEnd): TunnelEnd {
		this.#setState(end.kind);
		return end;
	}

	#setState(state: ManagedState): void {
		if (this.#state === state) return;
		this.#state = state;
		this.#stateSinceMs = performance.now();
	}
}

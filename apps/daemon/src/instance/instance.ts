// All tunnels that one process runs: started, stopped and restarted one by one or to match a new configuration.

import { isDeepStrictEqual } from "node:util";
import type { TunnelRequest } from "@tunscope/shared/lean";
import type { AnomalyRing } from "../anomaly/anomaly-ring.js";
import type { TunnelEnd } from "../tunnel/tunnel-event.js";
import {
	ManagedTunnel,
	type ManagedTunnelOptions,
	type TunnelDescription,
} from "./managed-tunnel.js";

export interface InstanceOptions {
	/** What a tunnel is made with, besides what was asked for. */
	readonly tunnelOptions: (
		tunnelName: string,
	) => Omit<ManagedTunnelOptions, "request">;
}

/** What `apply` did, by names of tunnels. */
export interface AppliedChange {
	readonly started: readonly string[];
	readonly restarted: readonly string[];
	readonly stopped: readonly string[];
	readonly unchanged: readonly string[];
}

export class Instance {
	/** Settles after `stop`, or once no tunnel runs and none will be tried again. Never rejects. */
	readonly ended: Promise<TunnelEnd>;
	readonly #options: InstanceOptions;
	readonly #tunnels = new Map<string, ManagedTunnel>();
	readonly #ends = new Map<ManagedTunnel, TunnelEnd>();
	#settle: (end: TunnelEnd) => void = () => undefined;
	#isStopping = false;
	/** A tunnel whose host could not be put back. */
	#failedStop: TunnelEnd | null = null;
	/** Changes run one after another. */
	#queue: Promise<unknown> = Promise.resolve();
	#changesUnderWay = 0;

	constructor(options: InstanceOptions) {
		this.#options = options;
		this.ended = new Promise((resolve) => {
			this.#settle = resolve;
		});
	}

	/** In the order of their configuration. */
	get tunnels(): readonly ManagedTunnel[] {
		return [...this.#tunnels.values()];
	}

	find(name: string): ManagedTunnel | null {
		return this.#tunnels.get(name) ?? null;
	}

	/** The latest anomalies of one tunnel, to read and to follow; null when there is none of this name. */
	anomalies(name: string): AnomalyRing | null {
		return this.find(name)?.anomalies ?? null;
	}

	/** Everything that can be said about every tunnel now. */
	describe(nowMs: number): readonly TunnelDescription[] {
		return this.tunnels.map((tunnel) => tunnel.describe(nowMs));
	}

	/**
	 * Makes these the tunnels that run: new ones start, changed ones restart, others stop; the rest notices nothing.
	 * One that had failed for good is tried again, changed or not: what it lacked may be there now. Settles when what had to stop is gone.
	 */
	apply(requests: readonly TunnelRequest[]): Promise<AppliedChange> {
		return this.#change(async () => {
			const wanted = new Map(
				requests.map((request) => [request.config.name, request]),
			);
			const isSame = (tunnel: ManagedTunnel) =>
				this.#ends.get(tunnel)?.kind !== "failed" &&
				isDeepStrictEqual(tunnel.request, wanted.get(tunnel.name));
			const before = this.tunnels;
			const leaving = before.filter((tunnel) => !isSame(tunnel));
			await Promise.all(leaving.map((tunnel) => tunnel.stop()));
			const kept = new Map(before.map((tunnel) => [tunnel.name, tunnel]));
			for (const tunnel of leaving) {
				kept.delete(tunnel.name);
				this.#ends.delete(tunnel);
			}
			this.#tunnels.clear();
			for (const [name, request] of wanted)
				this.#tunnels.set(name, kept.get(name) ?? this.#startTunnel(request));
			const had = new Set(before.map(({ name }) => name));
			const left = leaving.map(({ name }) => name);
			return {
				started: [...wanted.keys()].filter((name) => !had.has(name)),
				restarted: left.filter((name) => wanted.has(name)),
				stopped: left.filter((name) => !wanted.has(name)),
				unchanged: [...kept.keys()],
			};
		});
	}

	/** Stops one and keeps it in the list, as stopped. False when there is none of this name. */
	stopTunnel(name: string): Promise<boolean> {
		return this.#change(async () => {
			const tunnel = this.find(name);
			await tunnel?.stop();
			return tunnel !== null;
		});
	}

	/** Stops one and starts it anew with the same configuration. False when there is none of this name. */
	restartTunnel(name: string): Promise<boolean> {
		return this.#change(async () => {
			const tunnel = this.find(name);
			if (tunnel === null) return false;
			await tunnel.stop();
			this.#ends.delete(tunnel);
			// A Map keeps the place of a key that is set again.
			this.#tunnels.set(name, this.#startTunnel(tunnel.request));
			return true;
		});
	}

	/** Stops all at once and for good; the host is as before when this settles. Idempotent. */
	async stop(): Promise<void> {
		this.#isStopping = true;
		// Not behind changes under way: those wait for tunnels that this stops.
		await Promise.all(this.tunnels.map((tunnel) => tunnel.stop()));
		await this.#queue;
		await Promise.all(this.tunnels.map((tunnel) => tunnel.stop()));
		this.#settle(this.#failedStop ?? { kind: "stopped" });
	}

	#startTunnel(request: TunnelRequest): ManagedTunnel {
		const tunnel = new ManagedTunnel({
			request,
			...this.#options.tunnelOptions(request.config.name),
		});
		if (this.#isStopping) void tunnel.stop();
		void tunnel.ended.then((end) => {
			this.#ends.set(tunnel, end);
			if (this.#isStopping && end.kind === "failed") this.#failedStop = end;
			this.#settleIfAllFailed();
		});
		return tunnel;
	}

	/** A tunnel that somebody stopped may be started again; only failures end the instance. */
	#settleIfAllFailed(): void {
		if (this.#isStopping || this.#changesUnderWay > 0) return;
		const ends = this.tunnels.map((tunnel) => this.#ends.get(tunnel));
		const [first] = ends;
		if (first === undefined || ends.some((end) => end?.kind !== "failed"))
			return;
		this.#settle(first);
	}

	#change<Result>(work: () => Promise<Result>): Promise<Result> {
		this.#changesUnderWay += 1;
		const result = this.#queue.then(work).finally(() => {
			this.#changesUnderWay -= 1;
			this.#settleIfAllFailed();
		});
		this.#queue = result.catch(() => undefined);
		return result;
	}
}

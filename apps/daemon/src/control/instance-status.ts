// The status of everything that one process runs: what its control socket answers, and the lines that SIGUSR1 asks for.

import {
	CONTROL_VERSION,
	type InstanceDescription,
} from "@tunscope/shared/lean";
import type {
	ManagedTunnel,
	TunnelObserver,
} from "../instance/managed-tunnel.js";
import {
	type DescribedTunnel,
	type StatusClock,
	TunnelStatus,
} from "./tunnel-status.js";

const TICK_MS = 1_000;

export interface InstanceStatusOptions {
	/** The tunnels now, in the order of the configuration. */
	readonly listTunnels: () => readonly (DescribedTunnel &
		Pick<ManagedTunnel, "name">)[];
	/** Of tunscope, e.g. "1.2.3". */
	readonly version: string;
	readonly pid: number;
	readonly clock: StatusClock;
	/** Left out without a configuration file. */
	readonly describeConfigFile?: () => NonNullable<
		InstanceDescription["configFile"]
	>;
}

export class InstanceStatus {
	readonly #options: InstanceStatusOptions;
	readonly #startedAtMs: number;
	readonly #statuses = new Map<string, TunnelStatus>();
	#timer: NodeJS.Timeout | null = null;
	#underWay: Promise<InstanceDescription> | null = null;

	constructor(options: InstanceStatusOptions) {
		this.#options = options;
		this.#startedAtMs = options.clock.monotonicMs();
	}

	/**
	 * Begins to follow a tunnel that is about to start; forgets an earlier one of the same name.
	 * @returns the observer to give to the tunnel: it hands everything on to `observer`
	 */
	follow(name: string, observer: TunnelObserver): TunnelObserver {
		const status = new TunnelStatus(this.#options.clock);
		this.#statuses.set(name, status);
		return {
			onEvent: (event) => {
				status.onEvent(event);
				observer.onEvent(event);
			},
			onAnomalies: (ring) => observer.onAnomalies?.(ring),
			onPrepared: (config, remotes, tunnel) =>
				observer.onPrepared(config, remotes, tunnel),
			onFinished: (sample) => {
				status.onFinished();
				return observer.onFinished(sample);
			},
		};
	}

	/** A sentence about the host that the operator was given for this tunnel. */
	notice(name: string, text: string): void {
		this.#statuses.get(name)?.notice(text);
	}

	/** From now on rates are known. Idempotent; does not keep the process alive. */
	start(): void {
		this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref();
	}

	stop(): void {
		if (this.#timer !== null) clearInterval(this.#timer);
		this.#timer = null;
	}

	tick(): void {
		const tunnels = this.#options.listTunnels();
		for (const tunnel of tunnels) this.#statuses.get(tunnel.name)?.tick(tunnel);
		const names = new Set(tunnels.map(({ name }) => name));
		for (const name of this.#statuses.keys())
			if (!names.has(name)) this.#statuses.delete(name);
	}

	/** Those who ask while an answer is being made get the same one: no crowd of askers is felt by the tunnels. */
	describe(): Promise<InstanceDescription> {
		this.#underWay ??= this.#describeNow().finally(() => {
			this.#underWay = null;
		});
		return this.#underWay;
	}

	async #describeNow(): Promise<InstanceDescription> {
		const { listTunnels, version, pid, clock, describeConfigFile } =
			this.#options;
		const tunnels = await Promise.all(
			listTunnels().map((tunnel) => {
				const known = this.#statuses.get(tunnel.name);
				return (known ?? new TunnelStatus(clock)).describe(tunnel);
			}),
		);
		return {
			version: CONTROL_VERSION,
			kind: "status",
			pid,
			tunscope: version,
			uptimeMs: Math.round(clock.monotonicMs() - this.#startedAtMs),
			...(describeConfigFile === undefined
				? {}
				: { configFile: describeConfigFile() }),
			tunnels,
		};
	}
}

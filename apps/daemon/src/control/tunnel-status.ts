// What a tunnel's status needs beyond the present moment: the traffic of the last second, the host set-up, the last warning.

import type { TunnelDescription } from "@tunscope/shared/lean";
import type {
	ManagedEvent,
	ManagedTunnel,
} from "../instance/managed-tunnel.js";
import { tunnelEventLine } from "../observability/log-tunnel-events.js";
import { NO_RATES, ratesBetween } from "../observability/traffic-rates.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import { describeTunnel } from "./describe-tunnel.js";

/** Enough to know which address answers and the least that a flow takes; more would be work for the data plane. */
const MAX_LISTED_FLOWS = 32;

export interface StatusClock {
	/** Never goes back. */
	monotonicMs(): number;
	/** Milliseconds since 1970. */
	wallMs(): number;
}

/** The part of a ManagedTunnel that is looked at. */
export type DescribedTunnel = Pick<
	ManagedTunnel,
	"describe" | "listFlows" | "sample"
>;

export class TunnelStatus {
	readonly #clock: StatusClock;
	/** Taken by the last two ticks: rates are those since the older one. */
	#older: CounterSample | null = null;
	#newer: CounterSample | null = null;
	#hostSetupState: "not-yet" | "in-place" | "undone" = "not-yet";
	#notice: { level: "warn" | "error"; text: string; atMs: number } | null =
		null;

	constructor(clock: StatusClock) {
		this.#clock = clock;
	}

	onEvent(event: ManagedEvent): void {
		if (event.kind === "tun-opened") this.#hostSetupState = "not-yet";
		if (event.kind === "running" || event.kind === "tun-restored")
			this.#hostSetupState = "in-place";
		const { level, text } = tunnelEventLine(event);
		if (level === "warn" || level === "error") this.notice(text, level);
	}

	/** The worker is gone for good and the host as before. */
	onFinished(): void {
		this.#hostSetupState = "undone";
	}

	/** A sentence that the operator was given about this tunnel. */
	notice(text: string, level: "warn" | "error" = "warn"): void {
		this.#notice = { level, text, atMs: this.#clock.monotonicMs() };
	}

	/** Call once a second. */
	tick(tunnel: DescribedTunnel): void {
		this.#older = this.#newer;
		this.#newer = tunnel.sample(this.#clock.monotonicMs());
	}

	/** Waits for the worker's list of flows, at most a second. */
	async describe(tunnel: DescribedTunnel): Promise<TunnelDescription> {
		const flows = await tunnel.listFlows(MAX_LISTED_FLOWS);
		const nowMs = this.#clock.monotonicMs();
		const { config, state, inStateMs, remotes, tunName, sample } =
			tunnel.describe(nowMs);
		const earlier = this.#older ?? this.#newer;
		return describeTunnel({
			config,
			state,
			inStateMs,
			wallClockMs: this.#clock.wallMs(),
			remotes,
			tunName,
			sample,
			flows,
			rates:
				earlier === null || sample === null
					? NO_RATES
					: ratesBetween(earlier, sample),
			hostSetupState: this.#hostSetupState,
			lastNotice: this.#lastNotice(nowMs),
		});
	}

	#lastNotice(nowMs: number): TunnelDescription["lastNotice"] {
		if (this.#notice === null) return null;
		const { level, text, atMs } = this.#notice;
		return { level, text, msAgo: Math.round(nowMs - atMs) };
	}
}

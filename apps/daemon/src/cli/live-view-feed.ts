// Gathers what the live view shows: facts from events, rates from consecutive samples, a minute of history.

import type { TunnelConfig } from "@tunscope/shared/lean";
import type { TunOffloads } from "@tunscope/tun";
import { NO_RATES, ratesBetween } from "../observability/traffic-rates.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import type { TunnelEvent, TunnelState } from "../tunnel/tunnel-event.js";
import type {
	FlowDescription,
	ResolvedAddress,
} from "../tunnel/worker-protocol.js";
import { type LiveScreenSize, renderLiveView } from "./live-view.js";

const HISTORY_LENGTH = 60;

export interface LiveMoment {
	readonly sample: CounterSample;
	readonly flows: readonly FlowDescription[];
	readonly state: TunnelState;
	readonly nowMs: number;
}

export class LiveViewFeed {
	readonly #config: TunnelConfig;
	#pathFamily: 4 | 6;
	/** Client: the address that answered last, as "192.0.2.1:4567". */
	#serverInUse: string | null = null;
	readonly #sent: number[] = [];
	readonly #received: number[] = [];
	#tunName = "";
	#offloads: TunOffloads | null = null;
	#earlier: CounterSample | null = null;
	#startedAtMs: number | null = null;

	constructor(config: TunnelConfig, remotes: readonly ResolvedAddress[]) {
		this.#config = config;
		// A server hears both families; IPv6's larger headers are the safer figure only where all clients use it.
		this.#pathFamily = config.role === "client" ? (remotes[0]?.family ?? 4) : 4;
	}

	take(event: TunnelEvent): void {
		if (event.kind === "flow-opened" && this.#config.role === "client") {
			this.#serverInUse = event.peer;
			this.#pathFamily = event.peer.startsWith("[") ? 6 : 4;
		}
		if (event.kind !== "tun-opened") return;
		this.#tunName = event.tunName;
		this.#offloads = event.offloads;
	}

	/** Call once per refresh: the rates are those since the call before. */
	render(moment: LiveMoment, screen: LiveScreenSize): string {
		const { sample, flows, state, nowMs } = moment;
		const rates =
			this.#earlier === null ? NO_RATES : ratesBetween(this.#earlier, sample);
		this.#earlier = sample;
		this.#startedAtMs ??= nowMs;
		remember(this.#sent, rates.sent.bitsPerSecond);
		remember(this.#received, rates.received.bitsPerSecond);
		const { role, listen } = this.#config;
		return renderLiveView(
			{
				role,
				listen:
					role === "client"
						? endpoint(listen.address, listen.port)
						: `port ${listen.port}`,
				remote: this.#remoteText(),
				pathFamily: this.#pathFamily,
				state,
				tunName: this.#tunName,
				offloads: this.#offloads,
				sample,
				rates,
				history: { sent: this.#sent, received: this.#received },
				flows,
				uptimeMs: nowMs - this.#startedAtMs,
			},
			screen,
		);
	}

	/** As configured; a name with the address that it led to. */
	#remoteText(): string {
		const { host, port } = this.#config.remote;
		const configured = endpoint(host, port);
		const inUse = this.#serverInUse;
		return inUse === null || inUse === configured
			? configured
			: `${configured} (${inUse})`;
	}
}

function remember(history: number[], value: number): void {
	history.push(value);
	if (history.length > HISTORY_LENGTH) history.shift();
}

function endpoint(host: string, port: number): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

// Follows the host: looks at routes, links, the TUN and forwarding when something changed, and from time to time anyway.

import { type Clocks, ClockWatch } from "./clock-watch.js";
import type { HostLook, HostSetup } from "./host-setup.js";

/** wire.md 4.12: the guard goes within a second. Reading two files costs microseconds. */
const TICK_MS = 500;
/** For what no event tells; each look starts `ip` two to four times, about 2 ms of processor time each. */
const LOOK_INTERVAL_MS = 5_000;
/** Events come in bursts: the first is looked at soon, when the rest of its burst has come. */
const LOOK_DELAY_MS = 100;
const LEAST_LOOK_INTERVAL_MS = 500;
/** After a suspension this long, translations on the way are assumed to be forgotten. */
const RENEW_AFTER_MS = 30_000;

export interface HostWatchOptions {
	readonly host: Pick<HostSetup, "refresh" | "checkForwarding">;
	readonly onLinkMtu: (linkMtuBytes: number) => void;
	/** The way to these peers (null: to all) is another one: flows to them must begin anew. */
	readonly onRenewedPath: (peers: readonly string[] | null) => void;
	/** The TUN as it is, after events were lost. */
	readonly onTunSeen: (tun: NonNullable<HostLook["tun"]>) => void;
	/** Names may lead elsewhere. */
	readonly onWake: () => void;
	readonly onNotice: (message: string) => void;
	/** A look that failed; the next one may succeed. */
	readonly onError: (error: unknown) => void;
	readonly clocks: Clocks;
}

export class HostWatch {
	readonly #options: HostWatchOptions;
	readonly #clock: ClockWatch;
	#timers: readonly NodeJS.Timeout[] = [];
	#lookTimer: NodeJS.Timeout | null = null;
	#isLooking = false;
	/** Something changed during the look that is under way. */
	#isStale = false;
	#hasLostEvents = false;
	#lookedAtMs = Number.NEGATIVE_INFINITY;
	#linkMtuBytes: number | null = null;

	constructor(options: HostWatchOptions) {
		this.#options = options;
		this.#clock = new ClockWatch(options.clocks);
	}

	/** Idempotent. */
	start(): void {
		if (this.#timers.length > 0) return;
		this.#timers = [
			setInterval(() => this.#lookSoon(), LOOK_INTERVAL_MS),
			setInterval(() => this.#tick(), TICK_MS),
		];
	}

	/** Idempotent. */
	stop(): void {
		for (const timer of this.#timers) clearInterval(timer);
		this.#timers = [];
		if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
		this.#lookTimer = null;
	}

	/** A link, an address or a route changed; `isOverrun`: what, is not known. */
	hostChanged(isOverrun: boolean): void {
		this.#hasLostEvents ||= isOverrun;
		this.#lookSoon();
	}

	#tick(): void {
		const { host, onError, onNotice, onRenewedPath, onWake } = this.#options;
		host.checkForwarding().catch(onError);
		const gap = this.#clock.tick();
		if (gap === null) return;
		const seconds = (gap.durationMs / 1_000).toFixed(1);
		const isLong = gap.kind === "suspended" && gap.durationMs >= RENEW_AFTER_MS;
		onNotice(
			gap.kind === "suspended"
				? `This machine was suspended for ${seconds} s: routes and names are looked at again${isLong ? ", and flows begin anew" : ""}.`
				: `This process stood still for ${seconds} s (stopped, or a machine without time for it): routes are looked at again.`,
		);
		if (isLong) onRenewedPath(null);
		if (gap.kind === "suspended") onWake();
		this.#lookSoon();
	}

	#lookSoon(): void {
		if (this.#timers.length === 0 || this.#lookTimer !== null) return;
		if (this.#isLooking) {
			this.#isStale = true;
			return;
		}
		const nowMs = this.#options.clocks.monotonicMs();
		const dueMs = this.#lookedAtMs + LEAST_LOOK_INTERVAL_MS;
		this.#lookTimer = setTimeout(
			() => void this.#look(),
			Math.max(LOOK_DELAY_MS, dueMs - nowMs),
		);
	}

	async #look(): Promise<void> {
		this.#lookTimer = null;
		this.#isLooking = true;
		this.#isStale = false;
		this.#lookedAtMs = this.#options.clocks.monotonicMs();
		try {
			const look = await this.#options.host.refresh();
			if (look !== null) this.#act(look);
		} catch (error) {
			this.#options.onError(error);
		} finally {
			this.#isLooking = false;
		}
		if (this.#isStale) this.#lookSoon();
	}

	#act({ linkMtuBytes, renewedPeers, tun }: HostLook): void {
		if (this.#timers.length === 0) return;
		const { onLinkMtu, onRenewedPath, onTunSeen } = this.#options;
		if (linkMtuBytes !== this.#linkMtuBytes) onLinkMtu(linkMtuBytes);
		this.#linkMtuBytes = linkMtuBytes;
		if (renewedPeers.length > 0) onRenewedPath(renewedPeers);
		if (!this.#hasLostEvents) return;
		this.#hasLostEvents = false;
		if (tun !== null) onTunSeen(tun);
	}
}

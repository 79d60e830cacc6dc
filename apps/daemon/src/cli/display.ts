// What the operator sees of a running tunnel: the live view with log lines above it, or log lines alone.

import type { TunnelConfig } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import { totalsOf } from "../observability/counter-totals.js";
import { createTunnelEventLog } from "../observability/log-tunnel-events.js";
import { createLogger, type Logger } from "../observability/logger.js";
import type { TunnelEvent } from "../tunnel/tunnel-event.js";
import type { TunnelSupervisor } from "../tunnel/tunnel-supervisor.js";
import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import type { DisplayFlags } from "./command-line.js";
import { LiveScreen } from "./live-screen.js";
import { LiveViewFeed } from "./live-view-feed.js";

const REFRESH_MS = 1_000;
/** More flows than this are a number, not a list, on one screen. */
const MAX_FLOW_LINES = 8;

export interface DisplayOptions {
	readonly flags: DisplayFlags;
	readonly environment: Environment;
	readonly version: string;
	readonly terminal: NodeJS.WriteStream;
}

export class Display {
	readonly logger: Logger;
	readonly #screen: LiveScreen | null;
	readonly #hasColour: boolean;
	#timer: NodeJS.Timeout | null = null;
	#feed: LiveViewFeed | null = null;

	private constructor(parts: {
		logger: Logger;
		screen: LiveScreen | null;
		hasColour: boolean;
	}) {
		this.logger = parts.logger;
		this.#screen = parts.screen;
		this.#hasColour = parts.hasColour;
	}

	static async create(options: DisplayOptions): Promise<Display> {
		const { flags, environment, version, terminal } = options;
		const isLive = terminal.isTTY && !flags.json;
		const screen = isLive ? new LiveScreen(terminal) : null;
		const hasColour = isLive && !environment.isColourUnwanted;
		const logger = await createLogger({
			level: flags.logLevel,
			version,
			form: isLive ? "pretty" : "json",
			writeLine: (text) => screen?.printAbove(text),
			hasColour,
		});
		return new Display({ logger, screen, hasColour });
	}

	/** True when standard output carries JSON lines. */
	get isStructured(): boolean {
		return this.#screen === null;
	}

	/** The listener for the tunnel's events. */
	listen(
		config: TunnelConfig,
		remotes: readonly ResolvedAddress[],
	): (event: TunnelEvent) => void {
		const log = createTunnelEventLog(this.logger, () => performance.now());
		const feed = new LiveViewFeed(config, remotes);
		this.#feed = feed;
		return (event) => {
			log(event);
			feed.take(event);
		};
	}

	/** Starts drawing, where there is a terminal to draw on. Idempotent. */
	start(supervisor: TunnelSupervisor): void {
		if (this.#screen === null || this.#timer !== null) return;
		this.#screen.start();
		const draw = () => void this.#draw(supervisor);
		draw();
		this.#timer = setInterval(draw, REFRESH_MS);
	}

	/** The last view stays, the cursor comes back, and the totals are logged. Idempotent. */
	async stop(supervisor: TunnelSupervisor): Promise<void> {
		if (this.#timer !== null) {
			clearInterval(this.#timer);
			this.#timer = null;
			await this.#draw(supervisor);
		}
		this.#screen?.stop();
		const totals = totalsOf(supervisor.sample(performance.now()));
		this.logger.info(
			{ event: "final-counters", ...totals },
			finalSentence(totals),
		);
	}

	/** Gives the terminal back at once; for exits that cannot wait. */
	release(): void {
		this.#screen?.stop();
	}

	async #draw(supervisor: TunnelSupervisor): Promise<void> {
		if (this.#screen === null || this.#feed === null) return;
		const flows = await supervisor.listFlows(MAX_FLOW_LINES);
		const nowMs = performance.now();
		const screen = { ...this.#screen.size, hasColour: this.#hasColour };
		const { state } = supervisor;
		this.#screen.draw(
			this.#feed.render(
				{ sample: supervisor.sample(nowMs), flows, state, nowMs },
				screen,
			),
		);
	}
}

function finalSentence({
	engine,
	dropsTotal,
}: ReturnType<typeof totalsOf>): string {
	return `sent ${engine.segmentsSent} datagrams, received ${engine.segmentsReceived}, dropped ${dropsTotal}`;
}

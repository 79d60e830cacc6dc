// What the operator sees of running tunnels: the live view of a single one with log lines above it, or log lines alone.

import type { TunnelDescription } from "@tunscope/shared/lean";
import type { Environment } from "../config/environment.js";
import type {
	ManagedTunnel,
	TunnelObserver,
} from "../instance/managed-tunnel.js";
import { totalsOf } from "../observability/counter-totals.js";
import { createTunnelEventLog } from "../observability/log-tunnel-events.js";
import { createLogger, type Logger } from "../observability/logger.js";
import type { CounterSample } from "../tunnel/counter-sample.js";
import { AnomalyOutput } from "./anomaly-output.js";
import type { DisplayFlags } from "./command-line.js";
import { LiveScreen } from "./live-screen.js";
import { LiveViewFeed } from "./live-view-feed.js";
import { statusLine } from "./status-line.js";

const REFRESH_MS = 1_000;
/** More flows than this are a number, not a list, on one screen. */
const MAX_FLOW_LINES = 8;

export interface DisplayOptions {
	readonly flags: DisplayFlags;
	/** One tunnel may have the screen; of several there are log lines, each with its tunnel's name. */
	readonly tunnels: "one" | "several";
	readonly environment: Environment;
	readonly version: string;
	readonly terminal: NodeJS.WriteStream;
	/** Standard error. */
	readonly errors: NodeJS.WriteStream;
}

export class Display {
	readonly logger: Logger;
	/** True when log lines are JSON objects. */
	readonly isStructured: boolean;
	readonly #anomalies: AnomalyOutput | null;
	readonly #screen: LiveScreen | null;
	readonly #hasColour: boolean;
	readonly #tunnels: DisplayOptions["tunnels"];
	#timer: NodeJS.Timeout | null = null;

	private constructor(parts: {
		logger: Logger;
		isStructured: boolean;
		anomalies: AnomalyOutput | null;
		screen: LiveScreen | null;
		hasColour: boolean;
		tunnels: DisplayOptions["tunnels"];
	}) {
		this.logger = parts.logger;
		this.isStructured = parts.isStructured;
		this.#anomalies = parts.anomalies;
		this.#screen = parts.screen;
		this.#hasColour = parts.hasColour;
		this.#tunnels = parts.tunnels;
	}

	static async create(options: DisplayOptions): Promise<Display> {
		const { flags, environment, version, tunnels } = options;
		const { terminal, errors } = options;
		// With --anomalies standard output is theirs: no live view, and logs go to standard error.
		const logs = flags.anomalies ? errors : terminal;
		const isReadable = logs.isTTY && !flags.json;
		const screen =
			isReadable && !flags.anomalies ? new LiveScreen(terminal) : null;
		const hasColour = isReadable && !environment.isColourUnwanted;
		const logger = await createLogger({
			level: flags.logLevel,
			version,
			form: isReadable ? "pretty" : "json",
			descriptor: flags.anomalies ? 2 : 1,
			writeLine: (text) =>
				screen === null ? errors.write(text) : screen.printAbove(text),
			hasColour,
		});
		const anomalies = flags.anomalies
			? await AnomalyOutput.create(environment.language, logger)
			: null;
		const isStructured = !isReadable;
		return new Display({
			...{ logger, isStructured, anomalies },
			...{ screen, hasColour, tunnels },
		});
	}

	/** Where lines about one tunnel go. */
	loggerOf(tunnelName: string): Logger {
		return this.#tunnels === "one"
			? this.logger
			: this.logger.child({ tunnel: tunnelName });
	}

	/** Shows one tunnel through all its attempts. */
	observe(tunnelName: string): TunnelObserver {
		const logger = this.loggerOf(tunnelName);
		const log = createTunnelEventLog(logger, () => performance.now());
		let feed: LiveViewFeed | null = null;
		let shown: ManagedTunnel | null = null;
		return {
			onEvent: (event) => {
				// The end of a single tunnel is the end of the command, which says it.
				if (event.kind !== "start-failed" || this.#tunnels === "several")
					log(event);
				if (event.kind !== "start-failed") feed?.take(event);
			},
			onAnomalies: (ring) => this.#anomalies?.follow(ring),
			onPrepared: (config, remotes, tunnel) => {
				if (this.#tunnels === "several") return;
				feed = new LiveViewFeed(config, remotes);
				shown = tunnel;
				this.#startDrawing(feed, tunnel);
			},
			onFinished: async (sample) => {
				if (feed !== null && shown !== null)
					await this.#stopDrawing(feed, shown);
				logTotals(logger, sample);
			},
		};
	}

	/** One line per tunnel, whatever the log level: somebody has asked for them. */
	showStatus(tunnels: readonly TunnelDescription[]): void {
		const logger = this.logger.child({}, { level: "info" });
		for (const tunnel of tunnels)
			logger.info({ event: "status", status: tunnel }, statusLine(tunnel));
	}

	/** Gives the terminal back at once; for exits that cannot wait. */
	release(): void {
		this.#screen?.stop();
	}

	#startDrawing(feed: LiveViewFeed, tunnel: ManagedTunnel): void {
		if (this.#screen === null || this.#timer !== null) return;
		this.#screen.start();
		const draw = () => void this.#draw(feed, tunnel);
		draw();
		this.#timer = setInterval(draw, REFRESH_MS);
	}

	/** The last view stays, and the cursor comes back. */
	async #stopDrawing(feed: LiveViewFeed, tunnel: ManagedTunnel): Promise<void> {
		if (this.#timer !== null) {
			clearInterval(this.#timer);
			this.#timer = null;
			await this.#draw(feed, tunnel);
		}
		this.#screen?.stop();
	}

	async #draw(feed: LiveViewFeed, tunnel: ManagedTunnel): Promise<void> {
		if (this.#screen === null) return;
		const flows = await tunnel.listFlows(MAX_FLOW_LINES);
		const nowMs = performance.now();
		const sample = tunnel.sample(nowMs);
		if (sample === null) return;
		const screen = { ...this.#screen.size, hasColour: this.#hasColour };
		// A single tunnel is not tried again, so it never waits for that.
		const state = tunnel.state === "waiting" ? "starting" : tunnel.state;
		this.#screen.draw(feed.render({ sample, flows, state, nowMs }, screen));
	}
}

function logTotals(logger: Logger, sample: CounterSample): void {
	const totals = totalsOf(sample);
	logger.info({ event: "final-counters", ...totals }, finalSentence(totals));
}

function finalSentence({
	engine,
	dropsTotal,
}: ReturnType<typeof totalsOf>): string {
	return `sent ${engine.segmentsSent} datagrams, received ${engine.segmentsReceived}, dropped ${dropsTotal}`;
}

// The demo's parts and their life: lab, server, client, traffic; each is undone in reverse order by `stop`.

import {
	createLab,
	type Lab,
	type LabProcess,
	ours,
	startClientOnTerminal,
	type TerminalSize,
	type TunnelEnd,
} from "../netlab/index.js";
import {
	joinOutcome,
	readReport,
	startAnswerer,
	startOpener,
	type TrafficOutcome,
	type TrafficRun,
} from "../traffic/index.js";
import {
	type Pairing,
	placesIn,
	startClientIn,
	startServerIn,
} from "../tunnel/tunnel-in-lab.js";

/** Handshake and answer, keepalive, then data of a full and of smaller inner packets (WireGuard adds 32 bytes). */
const SIZES = [148, 92, 32, 1452, 1452, 1452, 112, 600, 1452, 84] as const;
const PEERS = 3;
const DATAGRAMS_PER_SECOND = 3_000;
const ENDLESS_SECONDS = 6 * 86_400;
/** For the last datagrams, after the last was sent. */
const EXTRA_SECONDS = 15;

export interface DemoOptions {
	/** Null runs until `finish`. */
	readonly seconds: number | null;
	/** Null: the client logs JSON lines, which are kept and not shown. */
	readonly terminal: {
		readonly size: TerminalSize;
		readonly onOutput: (text: string) => void;
	} | null;
	readonly say: (text: string) => void;
	readonly onProgress: NonNullable<TrafficRun["onProgress"]>;
}

export class DemoRun {
	readonly #options: DemoOptions;
	#lab: Lab | null = null;
	#server: TunnelEnd | null = null;
	#client: TunnelEnd | null = null;
	#opener: LabProcess | null = null;
	#answerer: LabProcess | null = null;

	constructor(options: DemoOptions) {
		this.#options = options;
	}

	/** Makes the lab and starts everything; traffic flows when it returns. */
	async start(): Promise<void> {
		const { say } = this.#options;
		say("Making two hosts and a router in network namespaces.");
		const lab = await createLab({ shape: "with-router" });
		this.#lab = lab;
		const pairing: Pairing = { client: ours, server: ours, family: 4 };
		say(
			"Starting `tunscope server` on one host and `tunscope client` on the other.",
		);
		this.#server = await startServerIn(lab, pairing);
		this.#client = await this.#startClient(lab, pairing);
		const run = this.#trafficRun(lab);
		this.#answerer = await startAnswerer(run);
		this.#opener = startOpener(run);
	}

	/** Resolves when the traffic has ended, by itself or by `finish`. */
	async outcome(): Promise<TrafficOutcome> {
		const { opener, answerer, lab } = this.#running();
		await opener.ended;
		answerer.closeInput();
		await answerer.ended;
		return joinOutcome(
			this.#trafficRun(lab),
			readReport(opener),
			readReport(answerer),
		);
	}

	/** Lets both ends stop sending, wait for what is on its way, and report. */
	finish(): void {
		this.#opener?.closeInput();
		this.#answerer?.closeInput();
	}

	/** Undoes everything. Idempotent. */
	async stop(): Promise<void> {
		await this.#opener?.stop("SIGKILL");
		await this.#answerer?.stop("SIGKILL");
		await this.#client?.stop();
		await this.#server?.stop();
		await this.#lab?.tearDown();
	}

	#running() {
		const [lab, opener, answerer] = [this.#lab, this.#opener, this.#answerer];
		if (lab === null || opener === null || answerer === null)
			throw new Error("the demo has not been started");
		return { lab, opener, answerer };
	}

	#startClient(lab: Lab, pairing: Pairing): Promise<TunnelEnd> {
		const { terminal } = this.#options;
		if (terminal === null) return startClientIn(lab, pairing);
		const onTerminal = {
			...ours,
			startClient: (options: Parameters<typeof ours.startClient>[0]) =>
				startClientOnTerminal(options, terminal.size, terminal.onOutput),
		};
		return startClientIn(lab, { ...pairing, client: onTerminal });
	}

	#trafficRun(lab: Lab): TrafficRun {
		const seconds = this.#options.seconds ?? ENDLESS_SECONDS;
		const stream = {
			count: Math.ceil((seconds * DATAGRAMS_PER_SECOND) / PEERS),
			rate: DATAGRAMS_PER_SECOND,
			unit: "datagrams",
		} as const;
		return {
			...placesIn(lab, 4),
			io: "native",
			flows: PEERS,
			sizes: { kind: "cycle", bytes: SIZES },
			up: stream,
			down: stream,
			maxSeconds: seconds + EXTRA_SECONDS,
			onProgress: this.#options.onProgress,
		};
	}
}

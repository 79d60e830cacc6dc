// `node dist/demo/main.js [--seconds N]`: a real tunnel between two hosts in namespaces, shown live; 1 when too little arrived.

import { parseArgs } from "node:util";
import {
	leaveSignalsToProgram,
	runCleanups,
	whyNoDaemon,
} from "../netlab/index.js";
import type { TrafficOutcome } from "../traffic/index.js";
import { DemoRun } from "./demo-run.js";
import { DemoScreen } from "./demo-screen.js";
import {
	choosePaint,
	type DemoProgress,
	isGood,
	PANEL_ROWS,
	panelLines,
	progressLine,
	verdictLine,
} from "./demo-text.js";

const SECOND_MS = 1_000;
const MAX_SECONDS = 86_400;

function secondsFrom(argv: readonly string[]): number | null {
	const { values } = parseArgs({
		args: [...argv],
		options: { seconds: { type: "string" } },
	});
	if (values.seconds === undefined) return null;
	const seconds = Number(values.seconds);
	if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS)
		return seconds;
	throw new RangeError(
		`--seconds takes a whole number from 1 to ${MAX_SECONDS}, not "${values.seconds}"`,
	);
}

class Demo {
	readonly #seconds: number | null;
	readonly #screen = new DemoScreen(process.stdout, PANEL_ROWS);
	readonly #paint;
	readonly #run: DemoRun;
	#progress: DemoProgress = { client: null, server: null };
	#startedMs = 0;
	#timer: NodeJS.Timeout | undefined;

	constructor(seconds: number | null) {
		const { isUsable, viewRows: rows, columns } = this.#screen;
		const hasColour = process.stdout.isTTY && !process.env.NO_COLOR;
		this.#seconds = seconds;
		this.#paint = choosePaint(hasColour);
		const terminal = {
			size: { rows, columns },
			onOutput: (text: string) => this.#screen.passThrough(text),
		};
		this.#run = new DemoRun({
			seconds,
			terminal: isUsable ? terminal : null,
			say: (text) => console.log(text),
			onProgress: (role, progress) => {
				const end = role === "open" ? "client" : "server";
				this.#progress = { ...this.#progress, [end]: progress };
			},
		});
	}

	/** @returns the exit code. */
	async play(): Promise<number> {
		const finish = () => this.#run.finish();
		process.on("SIGINT", finish).on("SIGTERM", finish).on("SIGHUP", finish);
		try {
			if (this.#screen.isUsable) this.#screen.start();
			await this.#run.start();
			this.#startedMs = performance.now();
			this.#timer = setInterval(() => this.#show(), SECOND_MS);
			const outcome = await this.#run.outcome();
			this.#show();
			await this.#end();
			this.#report(outcome);
			return isGood(outcome) ? 0 : 1;
		} finally {
			await this.#end();
		}
	}

	#show(): void {
		const elapsed = (performance.now() - this.#startedMs) / SECOND_MS;
		const seconds = Math.min(elapsed, this.#seconds ?? elapsed);
		const progress = this.#progress;
		if (!this.#screen.isUsable) {
			console.log(progressLine(seconds, progress));
			return;
		}
		const { columns } = this.#screen;
		const totalSeconds = this.#seconds;
		const paint = this.#paint;
		this.#screen.drawPanel(
			panelLines({ columns, seconds, totalSeconds, progress, paint }),
		);
	}

	async #end(): Promise<void> {
		clearInterval(this.#timer);
		await this.#run.stop();
		this.#screen.stop();
	}

	#report(outcome: TrafficOutcome): void {
		const paint = this.#paint;
		if (outcome.up !== null)
			console.log(verdictLine("client → server", outcome.up, paint));
		if (outcome.down !== null)
			console.log(verdictLine("server → client", outcome.down, paint));
		console.log(
			paint.faint(
				"Every datagram was checked: flow, sequence, order and each byte. The hosts are gone again.",
			),
		);
	}
}

/** @returns the exit code. */
async function main(): Promise<number> {
	// Ctrl-C ends the traffic, shows the verdict and takes the lab down, in this order.
	leaveSignalsToProgram();
	try {
		const seconds = secondsFrom(process.argv.slice(2));
		const reason = whyNoDaemon();
		if (reason !== null) throw new Error(reason);
		return await new Demo(seconds).play();
	} catch (error) {
		console.error(
			`demo: ${error instanceof Error ? error.message : String(error)}`,
		);
		return error instanceof RangeError ? 2 : 1;
	} finally {
		runCleanups();
	}
}

process.exitCode = await main();

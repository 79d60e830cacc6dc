// Receives, verifies and counts a stream, answers hellos and pings: `node sink.js '<JSON>'`; reports when its input closes.

import { ENDPOINT_WORDS } from "@tunscope/tun";
import { CallTrains } from "./call-trains.js";
import { KIND, MARK_BYTES, markWord } from "./datagram-mark.js";
import { FlowLedger } from "./flow-ledger.js";
import { monotonicMs, ownCpuMs, printLine } from "./traffic-lines.js";
import { type SinkSettings, sinkSettingsSchema } from "./traffic-settings.js";
import { TrafficSockets } from "./traffic-sockets.js";

const SAMPLE_INTERVAL_MS = 10;
/** The report waits until nothing has arrived for this long. */
const QUIET_MS = 150;
const QUIET_DEADLINE_MS = 3_000;

class Sink {
	readonly ledger: FlowLedger;
	lastArrivalMs = 0;
	/** CPU time of this process when the stream began. */
	startCpuMs = 0;
	readonly #sockets: TrafficSockets;
	readonly #words: Int32Array;
	readonly #streamWord: number;
	readonly #helloWord: number;
	readonly #pingWord: number;
	readonly #answer: CallTrains;
	readonly #endpoint = new Int32Array(ENDPOINT_WORDS);
	readonly #mark = { flow: 0, sequence: 0, claimedBytes: 0 };
	#nextSampleMs = 0;

	constructor(settings: SinkSettings) {
		const { run, sizeBytes } = settings;
		this.ledger = new FlowLedger(settings);
		this.#sockets = new TrafficSockets({
			bind: settings.bind,
			count: 1,
			usesOffloads: settings.usesGro,
		});
		this.#words = new Int32Array(this.#sockets.arena.buffer);
		this.#streamWord = markWord(run, KIND.stream);
		this.#helloWord = markWord(run, KIND.hello);
		this.#pingWord = markWord(run, KIND.ping);
		this.#answer = new CallTrains({
			arena: this.#sockets.arena,
			offset: this.#sockets.sendOffset,
			sizeBytes,
			datagramsPerCall: 1,
		});
	}

	/** @returns whether the kernel gave UDP_GRO. */
	start(): boolean {
		this.#sockets.listen((count) => this.#readBatch(count));
		return this.#sockets.sockets[0]?.offloads.gro === true;
	}

	close(): void {
		this.ledger.sample(monotonicMs());
		this.#sockets.close();
	}

	#readBatch(count: number): void {
		const nowMs = monotonicMs();
		this.lastArrivalMs = nowMs;
		if (this.ledger.received === 0) this.startCpuMs = ownCpuMs();
		// Bytes of earlier batches belong to earlier times.
		if (nowMs >= this.#nextSampleMs) {
			this.ledger.sample(nowMs);
			this.#nextSampleMs = nowMs + SAMPLE_INTERVAL_MS;
		}
		const { offset, length, segmentSize } = this.#sockets.batch;
		for (let message = 0; message < count; message += 1) {
			const start = offset[message] ?? 0;
			const end = start + (length[message] ?? 0);
			const step = segmentSize[message] || end - start;
			for (let at = start; at < end; at += step)
				this.#readDatagram(at, Math.min(step, end - at), message);
		}
	}

	#readDatagram(at: number, bytes: number, message: number): void {
		const words = this.#words;
		const word = at >> 2;
		const kind = words[word];
		if (bytes < MARK_BYTES || (at & 3) !== 0) {
			this.ledger.foreign += 1;
			return;
		}
		if (kind === this.#streamWord) {
			const mark = this.#mark;
			mark.flow = words[word + 1] ?? 0;
			mark.sequence = words[word + 2] ?? 0;
			mark.claimedBytes = words[word + 3] ?? 0;
			this.ledger.record(mark, bytes);
			return;
		}
		if (kind !== this.#helloWord && kind !== this.#pingWord) {
			this.ledger.foreign += 1;
			return;
		}
		if (this.ledger.firstArrivalMs === 0)
			this.ledger.firstArrivalMs = this.lastArrivalMs;
		this.#sendAnswer(kind, word, message);
	}

	#sendAnswer(kind: number, word: number, message: number): void {
		const from = message * ENDPOINT_WORDS;
		for (let index = 0; index < ENDPOINT_WORDS; index += 1)
			this.#endpoint[index] = this.#sockets.batch.endpoint[from + index] ?? 0;
		this.#answer.mark(kind, 0, this.#words[word + 2] ?? 0);
		const { io, tokens } = this.#sockets;
		io.sendTrains(this.#answer.trains, tokens, this.#endpoint);
	}
}

function inputClosed(): Promise<void> {
	return new Promise((resolve) => {
		process.stdin.on("end", resolve).on("close", resolve).resume();
	});
}

async function quiet(sink: Sink): Promise<void> {
	const deadlineMs = monotonicMs() + QUIET_DEADLINE_MS;
	while (
		monotonicMs() < deadlineMs &&
		monotonicMs() - sink.lastArrivalMs < QUIET_MS
	)
		await new Promise((resolve) => setTimeout(resolve, 10));
}

async function main(): Promise<void> {
	const settings = sinkSettingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
	const sink = new Sink(settings);
	const usesGro = sink.start();
	printLine({ event: "ready", usesGro });
	await inputClosed();
	await quiet(sink);
	sink.close();
	const cpuMs = ownCpuMs() - sink.startCpuMs;
	printLine({ event: "arrivals", cpuMs, ...sink.ledger.arrivals() });
}

await main();

// Anomalies that an operator should hear of without asking: warnings and errors, one sentence per code and minute.

import type { AnomalyCode, AnomalyEvent } from "@tunscope/shared/lean";

/** Between two sentences about the same code of one tunnel. */
const PAUSE_MS = 60_000;
/** The main thread says these itself, at once and in its own words. */
const SAID_ELSEWHERE: ReadonlySet<AnomalyCode> = new Set<AnomalyCode>([
	"tun-lost",
	"tun-down",
	"tun-restored",
	"tun-renamed",
	"target-refuses",
	"target-answers",
	"socket-unavailable",
	"worker-restarted",
]);

export interface AnomalyNotice {
	readonly kind: "notice";
	readonly code: AnomalyCode;
	readonly level: "warn" | "error";
	readonly message: string;
}

export interface AnomalyNoticesOptions {
	/** Monotonic. */
	readonly clockMs: () => number;
	readonly onNotice: (notice: AnomalyNotice) => void;
}

interface Said {
	atMs: number;
	/** Occurrences that no sentence has counted yet. */
	unsaid: number;
}

export class AnomalyNotices {
	readonly #options: AnomalyNoticesOptions;
	/** As many as there are codes. */
	readonly #said = new Map<AnomalyCode, Said>();

	constructor(options: AnomalyNoticesOptions) {
		this.#options = options;
	}

	take(events: readonly AnomalyEvent[]): void {
		for (const event of events) this.#takeOne(event);
	}

	#takeOne(event: AnomalyEvent): void {
		const { code, severity } = event;
		if (severity !== "warn" && severity !== "error") return;
		if (SAID_ELSEWHERE.has(code)) return;
		const nowMs = this.#options.clockMs();
		const said = this.#said.get(code) ?? {
			atMs: Number.NEGATIVE_INFINITY,
			unsaid: 0,
		};
		this.#said.set(code, said);
		said.unsaid += event.count + event.notKept;
		if (nowMs - said.atMs < PAUSE_MS) return;
		const times = said.unsaid;
		said.atMs = nowMs;
		said.unsaid = 0;
		void this.#say(event, severity, times);
	}

	/** The sentences are loaded when the first one is needed: a healthy tunnel does without their memory. */
	async #say(
		event: AnomalyEvent,
		level: "warn" | "error",
		times: number,
	): Promise<void> {
		const { anomalySentences } = await import(
			"@tunscope/shared/anomaly-catalogue"
		);
		const { code, parameters } = event;
		const sentences = anomalySentences("en", code, parameters);
		const { happened, means, whatToDo } = sentences;
		this.#options.onNotice({
			kind: "notice",
			code,
			level,
			message: `${happened} ${means} ${whatToDo} (${circumstances(event, times)})`,
		});
	}
}

/** How often, since the last sentence about it, and who it was about this time. */
function circumstances(event: AnomalyEvent, times: number): string {
	const often = times === 1 ? "once" : `${times} times`;
	if (event.flow !== null) return `${often}; flow ${event.flow.peer}`;
	const header = event.packet?.header;
	if (header == null) return often;
	const port = header.tcp === null ? "" : ` port ${header.tcp.sourcePort}`;
	return `${often}; from ${header.source}${port}`;
}

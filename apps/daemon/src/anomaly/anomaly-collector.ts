// Gathers anomalies in the worker at a bounded cost: what is over the budget is only counted, by the counter that counts it anyway.

import {
	DROP_REASON_ROWS,
	type DropReason,
	type EngineNotice,
	type Flow,
	type PacketPlace,
} from "@tunscope/fake-tcp";
import type { DaemonAnomalyCode } from "@tunscope/shared/lean";
import {
	type AnomalyAggregate,
	MAX_AGGREGATES,
	SAMPLE_BYTES,
} from "./anomaly-aggregate.js";
import type { MomentClock } from "./anomaly-moment.js";
import {
	ANOMALY_NUMBER_COUNT,
	CODE_BY_NUMBER,
	NOTICES_START,
	numberOfDaemonCode,
} from "./anomaly-numbers.js";
import { type AnomalyReport, reportOf } from "./anomaly-report.js";
import { AnomalyTable } from "./anomaly-table.js";

/** Occurrences of one code that are looked at between two reports (some 200 a second); the rest is only counted. */
const BUDGET = 64;
/** Reports in one message; what is left waits for the next. */
const MAX_REPORTS = 64;
/** The first occurrence of a code and flow is told at once; while it goes on, with growing pauses. */
const PAUSES_MS = [1_000, 5_000, 10_000] as const;
const LONGEST_PAUSE_MS = 10_000;

export interface AnomalyCollectorOptions {
	readonly arena: Uint8Array;
	/** Counters by drop reason, which whoever drops increments. */
	readonly drops: Float64Array;
	readonly clock: MomentClock;
}

export class AnomalyCollector {
	readonly #options: AnomalyCollectorOptions;
	/** By number; 0 for what is no anomaly. */
	readonly #budget = new Int32Array(ANOMALY_NUMBER_COUNT);
	/** Notices and the daemon's codes, by number; drops have their counters elsewhere. */
	readonly #occurred = new Float64Array(ANOMALY_NUMBER_COUNT);
	/** Totals at the last look. */
	readonly #seen = new Float64Array(ANOMALY_NUMBER_COUNT);
	/** Occurrences of which nothing but the number is known, and that no report has said yet. */
	readonly #notKept = new Float64Array(ANOMALY_NUMBER_COUNT);
	readonly #table = new AnomalyTable();
	/** Made with the first packet: a quiet tunnel has none. */
	#samples: Uint8Array | null = null;
	#nowMs = 0;
	#firstToReport = 0;

	constructor(options: AnomalyCollectorOptions) {
		this.#options = options;
		for (let number = 0; number < ANOMALY_NUMBER_COUNT; number++)
			this.#seen[number] = this.#total(number);
		this.#refill();
	}

	/** The worker's time; once per batch. */
	at(nowMs: number): void {
		this.#nowMs = nowMs;
	}

	/** Something was dropped, and its counter has said so. Over the budget this costs one comparison. */
	drop(reason: DropReason, flow: Flow | null, place: PacketPlace): void {
		if (this.#budget[reason] === 0) return;
		const aggregate = this.#take(reason, flow);
		if (aggregate === null) return;
		if (place.length > aggregate.value) aggregate.value = place.length;
		aggregate.other = flow === null ? 0 : flow.maxPayloadBytes;
		// What came from the application is its payload, not a packet.
		if (aggregate.count === 0 && DROP_REASON_ROWS[reason]?.side === "tun")
			this.#sample(aggregate, place);
		aggregate.note(1, this.#nowMs);
	}

	/** The engine noticed something; both values as in `ENGINE_NOTICES`. */
	notice(
		notice: EngineNotice,
		flow: Flow | null,
		place: PacketPlace,
		value: number,
		other: number,
	): void {
		const number = NOTICES_START + notice;
		this.#occurred[number] = (this.#occurred[number] ?? 0) + 1;
		if (this.#budget[number] === 0) return;
		const aggregate = this.#take(number, flow);
		if (aggregate === null) return;
		aggregate.value = value;
		aggregate.other = other;
		if (aggregate.count === 0) this.#sample(aggregate, place);
		aggregate.note(1, this.#nowMs);
	}

	/** Something that the daemon noticed itself. */
	raise(code: DaemonAnomalyCode, text: string | null = null): void {
		const number = numberOfDaemonCode(code);
		this.#occurred[number] = (this.#occurred[number] ?? 0) + 1;
		if (this.#budget[number] === 0) return;
		const aggregate = this.#take(number, null);
		if (aggregate === null) return;
		aggregate.text = text;
		aggregate.note(1, this.#nowMs);
	}

	/** A total of the daemon's own, kept elsewhere. */
	setTotal(code: DaemonAnomalyCode, total: number): void {
		this.#occurred[numberOfDaemonCode(code)] = total;
	}

	/**
	 * What there is to tell now; call it a few times a second. The counts and `notKept` of all reports add up to what the
	 * counters have grown by. @param isLast true: everything, however much, because nobody will ask again
	 */
	report(nowMs: number, isLast = false): AnomalyReport[] {
		this.#nowMs = nowMs;
		this.#account();
		const reports: AnomalyReport[] = [];
		const { live } = this.#table;
		const most = isLast ? live.length : MAX_REPORTS;
		let looked = 0;
		for (; looked < live.length && reports.length < most; looked++) {
			const aggregate = live[(this.#firstToReport + looked) % live.length];
			if (aggregate === undefined || aggregate.count === 0) continue;
			if (!isLast && nowMs < aggregate.nextReportMs) continue;
			const report = this.#report(aggregate, nowMs);
			if (report !== null) reports.push(report);
		}
		// The next message begins where this one was full, so that nobody waits for ever.
		this.#firstToReport =
			looked < live.length ? (this.#firstToReport + looked) % live.length : 0;
		this.#table.forget(nowMs);
		return reports;
	}

	#report(aggregate: AnomalyAggregate, nowMs: number): AnomalyReport | null {
		const { number } = aggregate;
		const code = CODE_BY_NUMBER[number] ?? null;
		if (code === null) return null;
		const report = reportOf({
			code,
			aggregate,
			notKept: this.#notKept[number] ?? 0,
			samples: this.#samples ?? NO_OCTETS,
			clock: this.#options.clock,
			nowMs,
		});
		this.#notKept[number] = 0;
		aggregate.nextReportMs =
			nowMs + (PAUSES_MS[aggregate.reports] ?? LONGEST_PAUSE_MS);
		aggregate.reports++;
		aggregate.clear();
		return report;
	}

	/** Brings counters and aggregates together: what no aggregate has is told by number alone. */
	#account(): void {
		for (let number = 0; number < ANOMALY_NUMBER_COUNT; number++) {
			const total = this.#total(number);
			const grown = total - (this.#seen[number] ?? 0);
			if (grown > 0 && CODE_BY_NUMBER[number] !== null)
				this.#accountFor(number, grown);
			this.#seen[number] = total;
		}
		this.#refill();
		for (let number = 0; number < ANOMALY_NUMBER_COUNT; number++)
			if ((this.#notKept[number] ?? 0) > 0) this.#speakFor(number);
	}

	#accountFor(number: number, grown: number): void {
		const left = this.#budget[number] ?? 0;
		const unseen = grown - (BUDGET - left);
		if (unseen <= 0) return;
		// With budget left, everything that was shown to us has been looked at: the rest is counted without being shown.
		const aggregate = left > 0 ? this.#table.find(number, null) : null;
		if (aggregate === null) this.#addNotKept(number, unseen);
		else aggregate.note(unseen, this.#nowMs);
	}

	/** Makes sure that somebody will report what was not kept of this code. */
	#speakFor(number: number): void {
		const isSpokenFor = this.#table.live.some(
			(one) => one.number === number && one.count > 0,
		);
		if (isSpokenFor) return;
		const aggregate = this.#table.find(number, null);
		if (aggregate === null) return;
		aggregate.note(1, this.#nowMs);
		this.#addNotKept(number, -1);
	}

	#take(number: number, flow: Flow | null): AnomalyAggregate | null {
		this.#budget[number] = (this.#budget[number] ?? 0) - 1;
		const aggregate = this.#table.find(number, flow);
		if (aggregate === null) this.#addNotKept(number, 1);
		return aggregate;
	}

	#sample(aggregate: AnomalyAggregate, place: PacketPlace): void {
		if (place.length === 0) return;
		this.#samples ??= new Uint8Array(MAX_AGGREGATES * SAMPLE_BYTES);
		aggregate.sample(this.#options.arena, place, this.#samples);
	}

	#addNotKept(number: number, count: number): void {
		this.#notKept[number] = (this.#notKept[number] ?? 0) + count;
	}

	#total(number: number): number {
		const totals =
			number < NOTICES_START ? this.#options.drops : this.#occurred;
		return totals[number] ?? 0;
	}

	#refill(): void {
		for (let number = 0; number < ANOMALY_NUMBER_COUNT; number++)
			this.#budget[number] = CODE_BY_NUMBER[number] === null ? 0 : BUDGET;
	}
}

const NO_OCTETS = new Uint8Array(0);

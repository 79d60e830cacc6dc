// Answers SYNs without keeping anything of them, and knows those who come back by what they acknowledge (RFC 4987 §3.6).

import { COOKIE_VALID_MS, SynCookies } from "../flow/syn-cookie.js";
import { sequenceAdd } from "../wire/sequence.js";
import { ACK, FIN, RST, SYN } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";
import { PeerMss } from "./peer-mss.js";

/** So many answers without a pause are a flood, also when they come from one source and the table has room. */
const FLOOD_ANSWERS = 1_024;
/** Without one for so long, it is over. */
const FLOOD_PAUSE_MS = 5_000;

export class SynCookieServer {
	readonly #core: EngineCore;
	readonly #cookies: SynCookies;
	readonly #peerMss: PeerMss;
	/** Until then an acknowledgement may be that of a cookie; otherwise nothing is hashed for strangers. */
	#validUntilMs = 0;
	#isFlood = false;
	#floodAnswers = 0;
	#lastFloodAnswerMs = 0;

	constructor(core: EngineCore) {
		this.#core = core;
		this.#cookies = new SynCookies(core.options.seed.iss);
		this.#peerMss = new PeerMss(core);
	}

	/** Answers the SYN in the view. @returns the ISN of the SYN+ACK. */
	answer(nowMs: number): number {
		const core = this.#core;
		const { segment } = core;
		const isn = this.#cookies.make(
			segment.source,
			portsWord(segment.sourcePort, segment.destinationPort),
			this.#peerMss.read(),
			nowMs,
		);
		this.#validUntilMs = nowMs + COOKIE_VALID_MS;
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		core.count(ENGINE_COUNTER.synCookiesSent, 1);
		core.outbox.straySynAck(segment, isn, sequenceAdd(segment.segSeq, 1));
		return isn;
	}

	/** The same, because there are too many half-open flows. @param isTableFull from all sources together. */
	answerFlood(isTableFull: boolean, nowMs: number): void {
		this.answer(nowMs);
		this.#floodAnswers++;
		this.#lastFloodAnswerMs = nowMs;
		const isFlood = isTableFull || this.#floodAnswers >= FLOOD_ANSWERS;
		if (this.#isFlood || !isFlood) return;
		this.#isFlood = true;
		const { halfOpen } = this.#core;
		this.#core.noticeSegment(NOTICE["syn-flood"], null, halfOpen.size);
	}

	/** @returns the place in `COOKIE_MSS` when the segment in the view acknowledges a cookie of ours, or -1. */
	acknowledged(nowMs: number): number {
		if (nowMs >= this.#validUntilMs) return -1;
		const { segment, options } = this.#core;
		const isAck = (segment.controlBits & (ACK | SYN | RST | FIN)) === ACK;
		if (!isAck || segment.destinationPort !== options.listenPort) return -1;
		return this.#cookies.check(
			segment.source,
			portsWord(segment.sourcePort, segment.destinationPort),
			sequenceAdd(segment.segAck, -1),
			nowMs,
		);
	}

	/** Notices the end of a flood. Call it every 100 ms or so. */
	expire(nowMs: number): void {
		if (this.#floodAnswers === 0) return;
		if (nowMs - this.#lastFloodAnswerMs < FLOOD_PAUSE_MS) return;
		if (this.#isFlood)
			this.#core.noticeFlow(NOTICE["syn-flood-over"], null, this.#floodAnswers);
		this.#isFlood = false;
		this.#floodAnswers = 0;
	}
}

function portsWord(remotePort: number, localPort: number): number {
	return (remotePort << 16) | localPort;
}

// Opening flows: the client's SYN, the server's SYN+ACK, and what may happen before ESTABLISHED (RFC 9293 §3.5, wire.md 4.2).

import type { Flow } from "../flow/flow.js";
import { halfSipHash } from "../flow/half-siphash.js";
import { COOKIE_MSS, cookieMssCeiling } from "../flow/syn-cookie.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd, sequenceLess } from "../wire/sequence.js";
import { ACK, FIN, RST, SYN } from "../wire/tcp.js";
import { sayLinkMtuNow } from "./acknowledge-openings.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";
import { PeerMss } from "./peer-mss.js";
import { drainPending } from "./pending-drain.js";
import type { SynCookieServer } from "./syn-cookie-server.js";

/** Stock's handshake: six turns, a send and a wait of one second in turn, so three transmissions (wire.md 4.2). */
const MAX_TURNS = 6;
const TRANSMISSION_INTERVAL_MS = 1_000;
/** How often the ack-eliciting segment is repeated while conntrack's window is not known to be open (wire.md 4.9). */
const WINDOW_OPENER_INTERVAL_MS = 200;
/** First repetition of the link MTU; doubles up to the fourth (wire.md 4.13). */
export const CONTROL_REPEAT_MS = 1_000;
/** Half-open flows kept; SYNs beyond are answered from cookies, or in stock-exact cost the oldest its place. */
const MAX_HALF_OPEN = 1_024;
/** …of one source, so that none fills the table. Beyond it cookies serve the rest, so that a crowd behind one NAT loses nothing. */
const MAX_HALF_OPEN_PER_SOURCE = 128;
/**
 * In a full table, half-open flows beyond this many go before an open one does: a burst of newcomers completes its
 * handshakes side by side, and a flood of SYNs, which proves nothing, costs no more quiet flows than these.
 */
const MAX_HALF_OPEN_WHEN_FULL = 64;
/** …and no more than this share of a small table. */
const HALF_OPEN_SHARE_WHEN_FULL = 1 / 8;

const UNEXPECTED = DROP["unexpected-in-handshake"];

export class Handshake {
	readonly #core: EngineCore;
	readonly #cookies: SynCookieServer;
	readonly #peerMss: PeerMss;
	readonly #issWords = new Int32Array(6);
	readonly #issRange = { start: 0, count: 6 };
	readonly #maxHalfOpenWhenFull: number;

	constructor(core: EngineCore, cookies: SynCookieServer) {
		this.#core = core;
		this.#cookies = cookies;
		this.#peerMss = new PeerMss(core);
		const { maxFlows } = core.options;
		this.#maxHalfOpenWhenFull = Math.max(
			1,
			Math.min(MAX_HALF_OPEN_WHEN_FULL, maxFlows * HALF_OPEN_SHARE_WHEN_FULL),
		);
	}

	/** Client: begins, after a pause where one is given. The flow is fresh and in the table. */
	beginClient(flow: Flow, nowMs: number, pauseMs = 0): void {
		flow.state = "SYN-SENT";
		// Stock refuses any other ISS than 0 (wire.md 4.2).
		flow.iss = 0;
		flow.sndNxt = 1;
		this.#core.count(ENGINE_COUNTER.handshakesStarted, 1);
		flow.attemptMs = nowMs + pauseMs;
		if (pauseMs === 0) return this.transmit(flow, nowMs);
		flow.nextTransmissionMs = flow.attemptMs;
	}

	/** Server: an acceptable SYN of an unknown tuple is in the view. */
	beginServer(nowMs: number): void {
		const core = this.#core;
		const { segment, halfOpen, options } = core;
		if (!this.#hasRoom(nowMs)) {
			if (options.profile.answersFloodsWithCookies && halfOpen.size > 0)
				return this.#cookies.answerFlood(halfOpen.size >= MAX_HALF_OPEN, nowMs);
			this.#evictOldestHalfOpen();
		}
		const flow = this.#takeFlow(nowMs);
		if (flow === undefined) return core.dropSegment(DROP["flow-limit"]);
		flow.irs = segment.segSeq;
		flow.rcvNxt = sequenceAdd(segment.segSeq, 1);
		this.#beginFrom(
			flow,
			options.profile.hidesServerIss ? this.#hiddenIss(flow, nowMs) : 0,
		);
		this.#notePeerMss(flow);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		this.transmit(flow, nowMs);
	}

	/**
	 * Server: the segment in the view acknowledges a cookie, which proves its sender; its sequence number is taken as it
	 * is. @returns the open flow; null when every slot has a flow that is alive.
	 */
	openFromCookie(mssPlace: number, nowMs: number): Flow | null {
		const core = this.#core;
		const { segment } = core;
		// Whoever has proven to be there is worth more than a handshake that may be nobody's.
		const isFull = core.flows.size >= core.options.maxFlows;
		if (isFull && !core.evictQuietest(nowMs)) this.#evictOldestHalfOpen();
		const flow = this.#takeFlow(nowMs);
		if (flow === undefined) return null;
		flow.irs = sequenceAdd(segment.segSeq, -1);
		flow.rcvNxt = segment.segSeq;
		this.#beginFrom(flow, sequenceAdd(segment.segAck, -1));
		flow.peerMss = COOKIE_MSS[mssPlace] ?? 0;
		flow.peerMssCeiling = cookieMssCeiling(mssPlace);
		core.limitPayload(flow);
		core.count(ENGINE_COUNTER.synCookiesAccepted, 1);
		this.#establishServer(flow, nowMs);
		return flow;
	}

	/** A slot for the tuple of the segment in the view. */
	#takeFlow(nowMs: number): Flow | undefined {
		const { segment } = this.#core;
		const tuple = {
			family: segment.family,
			remote: segment.source,
			remotePort: segment.sourcePort,
			localPort: segment.destinationPort,
		};
		return this.#core.takeFlow(tuple, nowMs);
	}

	#beginFrom(flow: Flow, iss: number): void {
		flow.state = "SYN-RECEIVED";
		flow.iss = iss;
		flow.sndNxt = sequenceAdd(iss, 1);
		flow.sndUna = iss;
		flow.lastAckReceived = flow.sndNxt;
		this.#core.halfOpen.add(flow);
		this.#core.count(ENGINE_COUNTER.handshakesStarted, 1);
	}

	/** Sends SYN or SYN+ACK, once more. */
	transmit(flow: Flow, nowMs: number): void {
		flow.handshakeTurns++;
		flow.nextTransmissionMs = nowMs + TRANSMISSION_INTERVAL_MS;
		if (flow.state === "SYN-SENT") this.#core.outbox.syn(flow, nowMs);
		else this.#synAck(flow, nowMs);
	}

	/** The wait is over: sends once more, or gives up. */
	waitEnded(flow: Flow, nowMs: number): void {
		// It was the pause before the first one.
		if (flow.handshakeTurns === 0) return this.transmit(flow, nowMs);
		flow.handshakeTurns++;
		if (flow.handshakeTurns >= MAX_TURNS) return this.#giveUp(flow, nowMs);
		this.transmit(flow, nowMs);
	}

	#giveUp(flow: Flow, nowMs: number): void {
		this.#resetFailed(flow, nowMs);
		this.#core.end(flow, "handshake-timeout", nowMs);
	}

	#resetFailed(flow: Flow, nowMs: number): void {
		const { outbox, options } = this.#core;
		const { resetsHandshakeFromIss } = options.profile;
		outbox.resetAt(
			flow,
			resetsHandshakeFromIss ? flow.iss : flow.sndNxt,
			nowMs,
		);
	}

	/** A segment that does not fit: counted, and with stock's habit one turn less. */
	#stranger(flow: Flow, nowMs: number): void {
		const core = this.#core;
		core.dropSegment(UNEXPECTED, flow);
		if (!core.options.profile.strangersUseUpTurns) return;
		flow.handshakeTurns++;
		if (flow.handshakeTurns >= MAX_TURNS) this.#giveUp(flow, nowMs);
	}

	/**
	 * SYN+ACK; towards a stock client a bare ACK right behind it. Stock pumps as soon as it has the SYN+ACK, whose
	 * window conntrack does not scale, and all past 65,535 octets is lost until a non-SYN segment of ours has passed
	 * (wire.md 4.9). This one passes in the same moment; the one after the final ACK comes a worker's turn later
	 * [measured: 13 to 51 of 40,000 datagrams lost at 100 Mbit/s without it].
	 */
	#synAck(flow: Flow, nowMs: number): void {
		const { outbox, options } = this.#core;
		outbox.synAck(flow, nowMs);
		if (flow.peerMss === 0 && options.profile.opensConntrackWindow)
			outbox.ack(flow, nowMs);
	}

	/** SYN-SENT: the segment in the view is for this flow. */
	receiveInSynSent(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		const bits = segment.controlBits;
		if ((bits & RST) !== 0) return this.#refused(flow, nowMs);
		const { needsExactHandshakeBits, strangersUseUpTurns } =
			core.options.profile;
		const isSynAck = needsExactHandshakeBits
			? bits === (SYN | ACK)
			: (bits & (SYN | ACK | FIN)) === (SYN | ACK);
		if (isSynAck && segment.segAck === flow.sndNxt) {
			return this.#establishClient(flow, nowMs);
		}
		this.#stranger(flow, nowMs);
		// RFC 9293 §3.10.7.3: an unacceptable ACK in SYN-SENT is answered with <SEQ=SEG.ACK><CTL=RST>. It tells a server
		// that holds a flow of ours from before a restart that this flow is dead (packet-cases.md 27).
		const isUnacceptableAck =
			(bits & (SYN | ACK)) === ACK && segment.segAck !== flow.sndNxt;
		const mayReset = !strangersUseUpTurns && !core.cameInFragments;
		if (isUnacceptableAck && mayReset) {
			core.outbox.resetAt(flow, segment.segAck, nowMs);
			flow.hasResetOldFlow = true;
		}
	}

	/** SYN-RECEIVED: the segment in the view is for this flow. @returns true when it is now ESTABLISHED. */
	receiveInSynReceived(flow: Flow, nowMs: number): boolean {
		const core = this.#core;
		const { segment } = core;
		const bits = segment.controlBits;
		const { needsExactHandshakeBits, strangersUseUpTurns } =
			core.options.profile;
		if ((bits & RST) !== 0) {
			this.#refused(flow, nowMs);
			return false;
		}
		if (bits === SYN && segment.segSeq === flow.irs && !strangersUseUpTurns) {
			core.count(ENGINE_COUNTER.packetsConsumed, 1);
			// The SYN+ACK was lost, or crossed this repetition; answering is cheaper than guessing.
			this.#synAck(flow, nowMs);
			return false;
		}
		const isFinalAck = needsExactHandshakeBits
			? bits === ACK
			: (bits & (ACK | SYN | RST | FIN)) === ACK;
		if (!isFinalAck || segment.segAck !== flow.sndNxt) {
			this.#stranger(flow, nowMs);
			return false;
		}
		this.#establishServer(flow, nowMs);
		return true;
	}

	#establishClient(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { segment, outbox } = core;
		flow.irs = segment.segSeq;
		flow.rcvNxt = sequenceAdd(segment.segSeq, 1);
		flow.lastAckReceived = segment.segAck;
		flow.sndUna = segment.segAck;
		this.#noteHandshakeTime(flow, nowMs);
		this.#notePeerMss(flow);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		outbox.ack(flow, nowMs);
		if (!flow.isWindowOpen) this.#expectWindow(flow, nowMs);
		this.#established(flow, nowMs);
	}

	#establishServer(flow: Flow, nowMs: number): void {
		const core = this.#core;
		core.halfOpen.delete(flow);
		flow.lastAckReceived = core.segment.segAck;
		flow.sndUna = core.segment.segAck;
		flow.isWindowOpen = true;
		this.#noteHandshakeTime(flow, nowMs);
		// Whoever acknowledges an ISN that nobody can foresee has seen it: it may have lost what it sent before this.
		const { segSeq } = core.segment;
		if (
			core.options.profile.checksSequences &&
			sequenceLess(flow.rcvNxt, segSeq)
		)
			flow.rcvNxt = segSeq;
		if (core.options.profile.opensConntrackWindow) {
			core.outbox.ack(flow, nowMs);
			// At once, before the application's socket is opened and the rest of the batch is looked at: a stock client
			// pumps as soon as it has our SYN+ACK, and all past its first 65,535 octets is lost until this ACK is there.
			core.outbox.flush();
			flow.isJustOpened = true;
			core.noteOpening(flow);
		}
		this.#established(flow, nowMs);
	}

	#established(flow: Flow, nowMs: number): void {
		const core = this.#core;
		flow.state = "ESTABLISHED";
		flow.establishedMs = nowMs;
		flow.lastInboundMs = nowMs;
		flow.lastAnswerMs = nowMs;
		core.lastInboundMs = nowMs;
		core.establishedCount++;
		core.count(ENGINE_COUNTER.flowsOpened, 1);
		flow.nextControlMs = nowMs + CONTROL_REPEAT_MS;
		flow.controlRepeats = 0;
		sayLinkMtuNow(core, flow, nowMs);
		if (flow.failingSinceMs > 0) {
			core.noticeFlow(NOTICE["flow-renewed"], flow, nowMs - flow.heardBeforeMs);
			flow.failingSinceMs = 0;
		}
		core.options.sink.flowOpened(flow);
		drainPending(core, flow, nowMs);
	}

	/** SYN and SYN+ACK, or SYN+ACK and ACK, are a round trip, if there was one of each (RFC 6298 §3: Karn). */
	#noteHandshakeTime(flow: Flow, nowMs: number): void {
		if (flow.handshakeTurns !== 1) return;
		const sentMs = flow.nextTransmissionMs - TRANSMISSION_INTERVAL_MS;
		flow.quality.noteRoundTrip(nowMs - sentMs);
	}

	/** A peer like us sends an ACK unasked; a stock one has to be made to. */
	#expectWindow(flow: Flow, nowMs: number): void {
		if (flow.peerMss === 0) this.openWindow(flow, nowMs);
		else flow.nextWindowOpenerMs = nowMs + WINDOW_OPENER_INTERVAL_MS;
	}

	/** Makes a peer of any kind send one non-SYN segment, then sets its idea of our sequence right again (wire.md 4.8). */
	openWindow(flow: Flow, nowMs: number): void {
		flow.nextWindowOpenerMs = nowMs + WINDOW_OPENER_INTERVAL_MS;
		this.#core.outbox.ackEliciting(flow, ++flow.windowOpeners, nowMs);
		this.#core.outbox.ack(flow, nowMs);
	}

	#refused(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const isBare = (core.segment.controlBits & ACK) === 0;
		if (flow.hasResetOldFlow && isBare) return this.#wayIsFree(flow, nowMs);
		if (!this.#isOurReset(flow))
			return core.dropSegment(DROP["rst-out-of-window"], flow);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		core.count(ENGINE_COUNTER.resetsReceived, 1);
		if (core.options.profile.answersResetWithReset)
			this.#resetFailed(flow, nowMs);
		core.end(flow, "refused-by-peer", nowMs);
	}

	/** Stock answers the reset of its old flow with a bare one: nothing was refused, and the next SYN will be taken. */
	#wayIsFree(flow: Flow, nowMs: number): void {
		flow.hasResetOldFlow = false;
		this.#core.count(ENGINE_COUNTER.packetsConsumed, 1);
		this.transmit(flow, nowMs);
	}

	/** RFC 9293 §3.10.7.3 and §3.10.7.4: a reset ends a handshake only when it answers it, not one of a flow before. */
	#isOurReset(flow: Flow): boolean {
		const { segment, options } = this.#core;
		const hasAck = (segment.controlBits & ACK) !== 0;
		// Stock's reset does not count the SYN in its acknowledgement, a kernel's does; stock's Drop has none (wire.md 4.4).
		const acknowledgesUs =
			segment.segAck === flow.sndNxt || segment.segAck === flow.iss;
		if (options.profile.obeysAnyReset) return !hasAck || acknowledgesUs;
		if (flow.state === "SYN-SENT") return hasAck && acknowledgesUs;
		// A client that gives up resets from its ISS or the octet behind it.
		return segment.segSeq === flow.rcvNxt || segment.segSeq === flow.irs;
	}

	#notePeerMss(flow: Flow): void {
		flow.peerMss = this.#peerMss.read();
		flow.peerMssCeiling = flow.peerMss;
		this.#core.limitPayload(flow);
	}

	/** RFC 6528's idea: a keyed hash of the tuple and the time, so that nobody off the path can foresee it. */
	#hiddenIss(flow: Flow, nowMs: number): number {
		this.#issWords.set(flow.key);
		this.#issWords[5] = Math.floor(nowMs);
		return halfSipHash(
			this.#core.options.seed.iss,
			this.#issWords,
			this.#issRange,
		);
	}

	/** False when one more half-open flow would be too many; in a full table it may cost a flow that is quiet. */
	#hasRoom(nowMs: number): boolean {
		const core = this.#core;
		const { segment, halfOpen, options } = core;
		if (halfOpen.size >= MAX_HALF_OPEN) return false;
		const isSourceCrowded =
			options.profile.answersFloodsWithCookies &&
			halfOpen.countOfSource(segment.source, segment.family) >=
				MAX_HALF_OPEN_PER_SOURCE;
		if (isSourceCrowded) return false;
		if (core.flows.size < options.maxFlows) return true;
		const isSheltered = halfOpen.size < this.#maxHalfOpenWhenFull;
		return isSheltered && core.evictQuietest(nowMs);
	}

	#evictOldestHalfOpen(): void {
		const oldest = this.#core.halfOpen.oldest();
		if (oldest !== undefined) this.#core.close(oldest, "evicted");
	}
}

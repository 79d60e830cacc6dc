// Opening flows: the client's SYN, the server's SYN+ACK, and what may happen before ESTABLISHED (RFC 9293 §3.5, wire.md 4.2).

import type { Flow } from "../flow/flow.js";
import { halfSipHash } from "../flow/half-siphash.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd } from "../wire/sequence.js";
import {
	ACK,
	FIN,
	findMss,
	type MssFinding,
	RST,
	SYN,
	TCP_FIELD,
} from "../wire/tcp.js";
import { sayLinkMtuNow } from "./acknowledge-openings.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";
import { drainPending } from "./pending-drain.js";

/** Stock's handshake: six turns, a send and a wait of one second in turn, so three transmissions (wire.md 4.2). */
const MAX_TURNS = 6;
const TRANSMISSION_INTERVAL_MS = 1_000;
/** How often the ack-eliciting segment is repeated while conntrack's window is not known to be open (wire.md 4.9). */
const WINDOW_OPENER_INTERVAL_MS = 200;
/** First repetition of the link MTU; doubles up to the fourth (wire.md 4.13). */
export const CONTROL_REPEAT_MS = 1_000;
/** Half-open flows kept; one more and the oldest goes. */
const MAX_HALF_OPEN = 1_024;
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
	readonly #mss: MssFinding = { mss: 0, isAfterWindowScale: false };
	readonly #issWords = new Int32Array(6);
	readonly #issRange = { start: 0, count: 6 };
	readonly #view: DataView;
	readonly #maxHalfOpenWhenFull: number;

	constructor(core: EngineCore) {
		this.#core = core;
		const { arena, maxFlows } = core.options;
		this.#maxHalfOpenWhenFull = Math.max(
			1,
			Math.min(MAX_HALF_OPEN_WHEN_FULL, maxFlows * HALF_OPEN_SHARE_WHEN_FULL),
		);
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
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
		const { segment } = core;
		const tuple = {
			family: segment.family,
			remote: segment.source,
			remotePort: segment.sourcePort,
			localPort: segment.destinationPort,
		};
		if (core.halfOpen.size >= MAX_HALF_OPEN) this.#evictOldestHalfOpen();
		else if (core.flows.size >= core.options.maxFlows) this.#makeRoom(nowMs);
		const flow = core.takeFlow(tuple, nowMs);
		if (flow === undefined) return core.dropSegment(DROP["flow-limit"]);
		flow.state = "SYN-RECEIVED";
		flow.irs = segment.segSeq;
		flow.rcvNxt = sequenceAdd(segment.segSeq, 1);
		flow.iss = core.options.profile.hidesServerIss
			? this.#hiddenIss(flow, nowMs)
			: 0;
		flow.sndNxt = sequenceAdd(flow.iss, 1);
		flow.sndUna = flow.iss;
		flow.lastAckReceived = flow.sndNxt;
		this.#notePeerMss(flow);
		core.halfOpen.add(flow);
		core.count(ENGINE_COUNTER.handshakesStarted, 1);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		this.transmit(flow, nowMs);
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
		if (isUnacceptableAck && !strangersUseUpTurns) {
			core.outbox.resetAt(flow, segment.segAck, nowMs);
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
		const { segment } = core;
		// Stock's reset does not count the SYN in its acknowledgement, a kernel's does; stock's Drop has none (wire.md 4.4).
		const acknowledgesUs =
			(segment.controlBits & ACK) === 0 ||
			segment.segAck === flow.sndNxt ||
			segment.segAck === flow.iss;
		if (!acknowledgesUs)
			return core.dropSegment(DROP["rst-out-of-window"], flow);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		core.count(ENGINE_COUNTER.resetsReceived, 1);
		if (core.options.profile.answersResetWithReset)
			this.#resetFailed(flow, nowMs);
		core.end(flow, "refused-by-peer", nowMs);
	}

	#notePeerMss(flow: Flow): void {
		const { segment, options } = this.#core;
		flow.peerMss = 0;
		if (options.profile.announcesMss) {
			findMss(
				this.#view,
				segment.tcpOffset + TCP_FIELD.options,
				segment.payloadOffset,
				this.#mss,
			);
			// In front or alone it is a middlebox's work and says nothing about the peer (wire.md 4.11).
			if (this.#mss.isAfterWindowScale) flow.peerMss = this.#mss.mss;
		}
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

	/** Evicts what is worth least in a full table; nothing when every flow is open and alive. */
	#makeRoom(nowMs: number): void {
		const core = this.#core;
		const isSheltered = core.halfOpen.size < this.#maxHalfOpenWhenFull;
		if (isSheltered && core.evictQuietest(nowMs)) return;
		this.#evictOldestHalfOpen();
	}

	#evictOldestHalfOpen(): void {
		for (const oldest of this.#core.halfOpen) {
			this.#core.close(oldest, "evicted");
			return;
		}
	}
}

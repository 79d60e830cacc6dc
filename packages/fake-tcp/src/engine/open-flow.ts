// Segments of an open flow: what the decision table says of each, and the acts that follow.

import type { Flow } from "../flow/flow.js";
import {
	ACCEPTANCE_WINDOW_BYTES,
	ACKNOWLEDGEMENT,
	acknowledgementPlaceOf,
	type Decision,
	decideSegment,
	isAcknowledgementValid,
	PAYLOAD,
	PEER_QUIET_MS,
	payloadSizeOf,
	SEQUENCE,
	type SegmentFacts,
	sequencePlaceOf,
} from "../flow/segment-acceptance.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceDistance } from "../wire/sequence.js";
import { ACK, FIN, PSH, URG } from "../wire/tcp.js";
import { Challenges } from "./challenge.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";
import type { Established } from "./established.js";
import { continuesHeld, holdBack } from "./hold-back.js";
import type { SynCookieServer } from "./syn-cookie-server.js";
import { judgeSyn, takesUpOffer } from "./syn-on-open-flow.js";

/** A segment from behind is answered at most this often per flow, so that two of ours cannot answer each other for ever. */
const STRAY_ACK_INTERVAL_MS = 20;
/**
 * …and one from far behind no more often than this without an accepted one in between: two of ours that both lost
 * more than 2 GiB look far behind to each other.
 */
const MAX_FAR_ANSWERS = 8;
/** How often a flow goes on from where the peer believes it. */
const CATCH_UP_INTERVAL_MS = 1_000;
/** A flow that carried data this lately is in use. */
const IN_USE_MS = 1_000;

export class OpenFlow {
	readonly #core: EngineCore;
	readonly #established: Established;
	readonly #cookies: SynCookieServer;
	readonly #challenges: Challenges;
	readonly #checksSequences: boolean;
	readonly #facts: SegmentFacts;

	constructor(
		core: EngineCore,
		established: Established,
		cookies: SynCookieServer,
	) {
		this.#core = core;
		this.#established = established;
		this.#cookies = cookies;
		this.#challenges = new Challenges(core);
		this.#checksSequences = core.options.profile.checksSequences;
		this.#facts = {
			controlBits: 0,
			sequence: SEQUENCE.exact,
			acknowledgement: ACKNOWLEDGEMENT.valid,
			payload: PAYLOAD.none,
			isPeerQuiet: false,
			continuesHeld: false,
			isServer: core.options.role === "server",
		};
	}

	/**
	 * The segment in the view is for this open flow.
	 * @param segmentSize payload octets of each wire segment in it.
	 * @returns false when the flow turned out to be dead and the segment in the view begins another.
	 */
	receive(flow: Flow, segmentSize: number, nowMs: number): boolean {
		const { segment } = this.#core;
		// What nearly every segment is, without a look at the table, which says the same of it.
		const isExpected =
			this.#checksSequences &&
			(segment.controlBits & ~PSH) === ACK &&
			segment.segSeq === flow.rcvNxt &&
			flow.offeredMs === 0 &&
			isAcknowledgementValid(segment.segAck, flow.sndUna, flow.sndNxt);
		if (!isExpected) return this.#receiveUnexpected(flow, segmentSize, nowMs);
		this.#established.noteInbound(flow, nowMs);
		if (segment.payloadLength === 0) this.#established.receiveBare(flow, nowMs);
		else this.#established.deliver(flow, segmentSize, nowMs);
		return true;
	}

	#receiveUnexpected(flow: Flow, segmentSize: number, nowMs: number): boolean {
		const core = this.#core;
		if (flow.offeredMs > 0 && takesUpOffer(core, flow, nowMs)) {
			core.noticeSegment(NOTICE["peer-restarted"], flow);
			core.close(flow, "replaced");
			return false;
		}
		const decision = this.#decide(flow, nowMs);
		if (this.#accept(decision, flow, segmentSize, nowMs)) return true;
		this.#refuse(decision, flow, segmentSize, nowMs);
		return true;
	}

	#decide(flow: Flow, nowMs: number): Decision {
		const { segment, options } = this.#core;
		const facts = this.#facts;
		facts.controlBits = segment.controlBits;
		facts.sequence = sequencePlaceOf(
			sequenceDistance(flow.rcvNxt, segment.segSeq),
		);
		facts.acknowledgement =
			(segment.controlBits & ACK) === 0
				? ACKNOWLEDGEMENT.absent
				: acknowledgementPlaceOf(segment.segAck, flow.sndUna, flow.sndNxt);
		facts.payload = payloadSizeOf(segment.payloadLength);
		facts.isPeerQuiet = nowMs - flow.lastPayloadInMs >= PEER_QUIET_MS;
		facts.continuesHeld = continuesHeld(flow, segment.segSeq);
		return decideSegment(facts, options.profile);
	}

	/** Acts on the decisions by which the segment counts as one of the peer's. @returns false for all others. */
	#accept(
		decision: Decision,
		flow: Flow,
		segmentSize: number,
		nowMs: number,
	): boolean {
		switch (decision) {
			case "deliver":
				this.#established.noteInbound(flow, nowMs);
				this.#noteOddBits(flow);
				this.#established.deliver(flow, segmentSize, nowMs);
				return true;
			case "resume":
				this.#resume(flow, segmentSize, nowMs);
				return true;
			case "accept":
				this.#established.noteInbound(flow, nowMs);
				this.#noteOddBits(flow);
				this.#established.receiveBare(flow, nowMs);
				return true;
			case "accept-and-answer":
				this.#established.noteInbound(flow, nowMs);
				this.#noteOddBits(flow);
				// RFC 9293 §3.10.7.4: a segment from behind is answered with an ACK; keepalives live on this.
				if (this.#established.receiveBare(flow, nowMs))
					this.#answer(flow, nowMs);
				return true;
			case "answer-keepalive":
				this.#established.noteInbound(flow, nowMs);
				this.#core.dropSegment(DROP["keepalive-octet"], flow);
				this.#answer(flow, nowMs);
				return true;
			default:
				return false;
		}
	}

	/** Acts on all other decisions. */
	#refuse(
		decision: Decision,
		flow: Flow,
		segmentSize: number,
		nowMs: number,
	): void {
		const core = this.#core;
		switch (decision) {
			case "hold":
				return holdBack(core, flow, segmentSize, nowMs);
			case "close":
				return this.#receiveReset(flow, nowMs);
			case "challenge":
				return this.#challenges.challenge(flow, nowMs);
			case "ignore-reset":
				return core.dropSegment(DROP["rst-out-of-window"], flow);
			case "judge-syn":
				return judgeSyn(core, this.#cookies, flow, nowMs);
			case "repeat-ack":
				core.count(ENGINE_COUNTER.packetsConsumed, 1);
				return this.#answer(flow, nowMs);
			case "answer-sequence":
				core.dropSegment(DROP["sequence-out-of-window"], flow);
				return this.#answerFar(flow, nowMs);
			case "drop-sequence":
				return core.dropSegment(DROP["sequence-out-of-window"], flow);
			case "answer-acknowledgement":
				core.dropSegment(DROP["acknowledgement-out-of-window"], flow);
				this.#catchUp(flow, nowMs);
				return this.#answer(flow, nowMs);
			case "drop-acknowledgement":
				core.dropSegment(DROP["acknowledgement-out-of-window"], flow);
				return this.#catchUp(flow, nowMs);
			default:
				return core.dropSegment(DROP["bad-control-bits"], flow);
		}
	}

	/** The flow goes on far from where it was: an outage has swallowed what lies between. */
	#resume(flow: Flow, segmentSize: number, nowMs: number): void {
		const core = this.#core;
		const { segment, held } = core;
		this.#established.noteInbound(flow, nowMs);
		this.#noteOddBits(flow);
		const slot = flow.heldSlot;
		const packet = held.packetAt(slot);
		const goesOnAt = packet?.segSeq ?? segment.segSeq;
		const skippedBytes = (goesOnAt - flow.rcvNxt) >>> 0;
		core.noticeSegment(NOTICE["outage-skipped"], flow, skippedBytes);
		flow.rcvNxt = goesOnAt;
		flow.heldRun = 0;
		if (packet !== undefined) {
			// The view shows the copy's payload while that is delivered.
			const { segSeq, payloadOffset, payloadLength } = segment;
			flow.heldSlot = -1;
			held.release(slot, true);
			core.count(ENGINE_COUNTER.packetsHeld, -1);
			segment.segSeq = packet.segSeq;
			segment.payloadOffset = held.offsetOf(slot) + packet.payloadStart;
			segment.payloadLength = packet.packetLength - packet.payloadStart;
			this.#established.deliver(flow, packet.segmentSize, nowMs);
			segment.segSeq = segSeq;
			segment.payloadOffset = payloadOffset;
			segment.payloadLength = payloadLength;
		}
		this.#established.deliver(flow, segmentSize, nowMs);
	}

	/**
	 * The peer has taken for ours what we never sent: all that it sends acknowledges too much, and would be dropped until
	 * we have sent as much. Nothing is ever sent again here, so we can as well go on from where the peer is.
	 * DEVIATION: RFC 9293 §3.10.7.4 has us say where we are and wait. A forged acknowledgement leaves a gap, no more.
	 */
	#catchUp(flow: Flow, nowMs: number): void {
		const { segAck } = this.#core.segment;
		const aheadBytes = sequenceDistance(flow.sndNxt, segAck);
		const { sequence, acknowledgement } = this.#facts;
		const isPlausible =
			acknowledgement === ACKNOWLEDGEMENT.future &&
			sequence <= SEQUENCE.nearAhead &&
			aheadBytes > 0 &&
			aheadBytes <= ACCEPTANCE_WINDOW_BYTES;
		if (!isPlausible || nowMs - flow.caughtUpMs < CATCH_UP_INTERVAL_MS) return;
		flow.caughtUpMs = nowMs;
		flow.sndNxt = segAck;
	}

	/** Says where we are, if that was not just said. */
	#answer(flow: Flow, nowMs: number): void {
		if (nowMs - flow.strayAckMs < STRAY_ACK_INTERVAL_MS) return;
		flow.strayAckMs = nowMs;
		this.#core.outbox.ack(flow, nowMs);
	}

	#answerFar(flow: Flow, nowMs: number): void {
		if (flow.lastInboundMs > flow.farAnswerMs) flow.farAnswers = 0;
		if (flow.farAnswers >= MAX_FAR_ANSWERS) return;
		flow.farAnswers++;
		flow.farAnswerMs = nowMs;
		this.#answer(flow, nowMs);
	}

	/** Counts and tells of bits that stock never sends, on a segment that is taken all the same. */
	#noteOddBits(flow: Flow): void {
		const { controlBits } = this.#core.segment;
		const isOdd =
			(controlBits & (FIN | URG)) !== 0 || (controlBits & ACK) === 0;
		if (!isOdd || !this.#checksSequences) return;
		this.#core.count(ENGINE_COUNTER.segmentsWithOddBits, 1);
		this.#core.noticeSegment(NOTICE["odd-control-bits"], flow, controlBits);
	}

	#receiveReset(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const hasAck = (core.segment.controlBits & ACK) !== 0;
		// Clients end every flow with a reset, as stock does: an idle one's is no news to a server.
		if (core.options.role === "client" || nowMs - flow.lastDataMs < IN_USE_MS)
			core.noticeSegment(NOTICE["reset-by-peer"], flow, hasAck ? 1 : 0);
		core.count(ENGINE_COUNTER.packetsConsumed, 1);
		core.count(ENGINE_COUNTER.resetsReceived, 1);
		if (core.options.profile.answersResetWithReset)
			core.outbox.reset(flow, nowMs);
		core.end(flow, "reset-by-peer", nowMs);
	}
}

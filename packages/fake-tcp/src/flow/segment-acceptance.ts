// What becomes of a segment of an open flow: one decision table over its control bits, sequence, acknowledgement and length (RFC 9293 §3.10.7.4, RFC 5961).

import { ACK, FIN, RST, SYN } from "../wire/tcp.js";
import type { WireProfile } from "./wire-profile.js";

/**
 * How far from `rcvNxt`, on either side, a sequence number may lie, and how far behind `sndUna` an acknowledgement.
 * DEVIATION: RFC 9293 takes the advertised window, here 1 GiB. Blind data would hit that one time in eight; it hits
 * this window one time in 512, and the acknowledgement's one time in 1,024.
 */
export const ACCEPTANCE_WINDOW_BYTES = 4 * 1024 * 1024;
/** Without an acknowledgement the sequence number has to vouch alone: as improbable to hit as both windows together. */
export const CLOSE_BYTES = 4_096;

/** Where SEG.SEQ lies, seen from `rcvNxt`. */
export const SEQUENCE = {
	exact: 0,
	/** rcvNxt − 1, where TCP's keepalives are. */
	octetBehind: 1,
	closeBehind: 2,
	closeAhead: 3,
	nearBehind: 4,
	nearAhead: 5,
	farBehind: 6,
	farAhead: 7,
} as const;
export type SequencePlace = (typeof SEQUENCE)[keyof typeof SEQUENCE];

/** Where SEG.ACK lies. */
export const ACKNOWLEDGEMENT = {
	/** The ACK bit is not set. */
	absent: 0,
	/** From `sndUna` − 4 MiB to `sndNxt`. */
	valid: 1,
	old: 2,
	/** It acknowledges what was never sent. */
	future: 3,
} as const;
export type AcknowledgementPlace =
	(typeof ACKNOWLEDGEMENT)[keyof typeof ACKNOWLEDGEMENT];

/** How much payload. */
export const PAYLOAD = { none: 0, octet: 1, more: 2 } as const;
export type PayloadSize = (typeof PAYLOAD)[keyof typeof PAYLOAD];

export interface SegmentFacts {
	controlBits: number;
	sequence: SequencePlace;
	acknowledgement: AcknowledgementPlace;
	payload: PayloadSize;
	/** No data of the peer was accepted for `PEER_QUIET_MS`. */
	isPeerQuiet: boolean;
	/** It continues data that lay far away and is held back. */
	continuesHeld: boolean;
	/** We are the server of this flow. */
	isServer: boolean;
}

/** From when on a keepalive's octet is told from a datagram of one octet: stock repeats sequences under load. */
export const PEER_QUIET_MS = 1_000;

export type Decision =
	/** Payload to the application. */
	| "deliver"
	/** A bare segment that counts as a sign of life. */
	| "accept"
	/** The same, from behind: the peer asks where we are (wire.md 4.8). */
	| "accept-and-answer"
	/** A keepalive whose octet is not data. */
	| "answer-keepalive"
	/** Data far away: kept until the next segment says whether the flow goes on there. */
	| "hold"
	/** The flow goes on there. */
	| "resume"
	| "close"
	/** A reset near the expected sequence: the peer is asked whether it means it. */
	| "challenge"
	| "ignore-reset"
	/** A SYN on an open flow (packet-cases.md 27). */
	| "judge-syn"
	/** The server's SYN+ACK again: our final ACK was lost. */
	| "repeat-ack"
	| "drop-control-bits"
	| "drop-sequence"
	/** Dropped and answered with where we are. */
	| "answer-sequence"
	| "drop-acknowledgement"
	| "answer-acknowledgement";

/** @param distance octets from `rcvNxt` to SEG.SEQ, nearest way round. */
export function sequencePlaceOf(distance: number): SequencePlace {
	if (distance === 0) return SEQUENCE.exact;
	if (distance === -1) return SEQUENCE.octetBehind;
	if (distance < 0) {
		if (distance >= -CLOSE_BYTES) return SEQUENCE.closeBehind;
		if (distance >= -ACCEPTANCE_WINDOW_BYTES) return SEQUENCE.nearBehind;
		return SEQUENCE.farBehind;
	}
	if (distance <= CLOSE_BYTES) return SEQUENCE.closeAhead;
	if (distance <= ACCEPTANCE_WINDOW_BYTES) return SEQUENCE.nearAhead;
	return SEQUENCE.farAhead;
}

/**
 * True when SEG.ACK is in [sndUna − 4 MiB, sndNxt]. Unsigned, so that it also holds when more than 2³¹ octets are
 * unacknowledged: one-way traffic into an outage.
 */
export function isAcknowledgementValid(
	segAck: number,
	sndUna: number,
	sndNxt: number,
): boolean {
	return (
		(segAck - sndUna + ACCEPTANCE_WINDOW_BYTES) >>> 0 <=
		((sndNxt - sndUna) >>> 0) + ACCEPTANCE_WINDOW_BYTES
	);
}

/** The place of an acknowledgement whose bit is set. */
export function acknowledgementPlaceOf(
	segAck: number,
	sndUna: number,
	sndNxt: number,
): AcknowledgementPlace {
	if (isAcknowledgementValid(segAck, sndUna, sndNxt))
		return ACKNOWLEDGEMENT.valid;
	const pastTheEnd = (segAck - sndNxt) >>> 0;
	const beforeTheStart = (sndUna - ACCEPTANCE_WINDOW_BYTES - segAck) >>> 0;
	return pastTheEnd < beforeTheStart
		? ACKNOWLEDGEMENT.future
		: ACKNOWLEDGEMENT.old;
}

export function payloadSizeOf(length: number): PayloadSize {
	if (length === 0) return PAYLOAD.none;
	return length === 1 ? PAYLOAD.octet : PAYLOAD.more;
}

/** The table. Pure: the same facts and profile always give the same decision. */
export function decideSegment(
	facts: SegmentFacts,
	profile: WireProfile,
): Decision {
	const { controlBits } = facts;
	if ((controlBits & RST) !== 0) return decideReset(facts, profile);
	if ((controlBits & SYN) !== 0 && !profile.takesSynForData)
		return decideSyn(facts);
	const hasPayload = facts.payload !== PAYLOAD.none;
	if (!profile.checksSequences) return hasPayload ? "deliver" : "accept";
	switch (facts.acknowledgement) {
		case ACKNOWLEDGEMENT.absent:
			return decideUnacknowledging(facts);
		case ACKNOWLEDGEMENT.valid:
			return isNear(facts.sequence)
				? decideNear(facts, profile)
				: decideFar(facts);
		// RFC 9293 §3.10.7.4: answered with an ACK, which also sets a stock peer's acknowledgement right again. Only
		// payload is answered: two of ours could answer each other's bare ACKs for ever.
		default:
			return hasPayload ? "answer-acknowledgement" : "drop-acknowledgement";
	}
}

/** RFC 5961 §3.2. Stock's own resets carry no acknowledgement, so there is only the sequence to judge by. */
function decideReset(facts: SegmentFacts, profile: WireProfile): Decision {
	if (profile.obeysAnyReset || facts.sequence === SEQUENCE.exact)
		return "close";
	return isNear(facts.sequence) ? "challenge" : "ignore-reset";
}

function decideSyn(facts: SegmentFacts): Decision {
	if (facts.isServer && facts.controlBits === SYN) return "judge-syn";
	if (!facts.isServer && facts.controlBits === (SYN | ACK)) return "repeat-ack";
	return "drop-control-bits";
}

/**
 * DEVIATION: RFC 9293 §3.10.7.4 drops whatever has no ACK bit. Stock takes it for data, so what continues the flow
 * closely is taken.
 */
function decideUnacknowledging(facts: SegmentFacts): Decision {
	if (facts.payload === PAYLOAD.none || (facts.controlBits & FIN) !== 0)
		return "drop-control-bits";
	return facts.sequence <= SEQUENCE.closeAhead ? "deliver" : "drop-sequence";
}

/** FIN, PSH and URG change nothing: stock sends none of them, and middleboxes do. */
function decideNear(facts: SegmentFacts, profile: WireProfile): Decision {
	if (facts.payload === PAYLOAD.none)
		return isBehind(facts.sequence) ? "accept-and-answer" : "accept";
	const isKeepalive =
		facts.payload === PAYLOAD.octet &&
		facts.sequence === SEQUENCE.octetBehind &&
		facts.isPeerQuiet;
	return isKeepalive && profile.swallowsKeepaliveOctets
		? "answer-keepalive"
		: "deliver";
}

/** The idea of RFC 3550 A.1: one far segment may be anybody's, two that continue each other are the flow's. */
function decideFar(facts: SegmentFacts): Decision {
	const isFarBehind = facts.sequence === SEQUENCE.farBehind;
	// A bare segment from far ahead is what an answer of ours looks like to a peer that lost gigabytes: unanswered.
	if (facts.payload === PAYLOAD.none)
		return isFarBehind ? "answer-sequence" : "drop-sequence";
	if (facts.continuesHeld) return "resume";
	// An outage of more than 2 GiB looks like the past, and so does a late copy; in an outage nothing else arrives.
	return isFarBehind && !facts.isPeerQuiet ? "answer-sequence" : "hold";
}

function isNear(sequence: SequencePlace): boolean {
	return sequence <= SEQUENCE.nearAhead;
}

function isBehind(sequence: SequencePlace): boolean {
	return (
		sequence === SEQUENCE.octetBehind ||
		sequence === SEQUENCE.closeBehind ||
		sequence === SEQUENCE.nearBehind
	);
}

// One flow: a 4-tuple and its transmission control block (RFC 9293 §3.3.1), as far as fake TCP needs one.

import type { IpFamily } from "../wire/ip-address.js";
import { PathQuality } from "./path-quality.js";
import type { PendingDatagrams } from "./pending-datagrams.js";

/** RFC 9293 §3.3.2 names; CLOSED means the slot is free. */
export type ConnectionState =
	| "CLOSED"
	| "SYN-SENT"
	| "SYN-RECEIVED"
	| "ESTABLISHED";

/** Doubles of one flow, kept in one table so that counting allocates nothing. */
export const FLOW_COUNTER = {
	segmentsSent: 0,
	segmentsReceived: 1,
	payloadBytesSent: 2,
	payloadBytesReceived: 3,
	/** Received behind the newest: out of order, or a copy. */
	lateSegments: 4,
} as const;
export const FLOW_COUNTERS = 5;

/**
 * Slots are reused: one object per slot for the engine's whole life. Sequence numbers are 32-bit signed integers;
 * times are the engine's milliseconds.
 */
export class Flow {
	state: ConnectionState = "CLOSED";
	family: IpFamily = 4;
	/** Remote address words, then (remote port << 16 | local port): the key in the flow table. */
	readonly key = new Int32Array(5);
	remotePort = 0;
	localPort = 0;

	iss = 0;
	sndNxt = 0;
	sndUna = 0;
	irs = 0;
	rcvNxt = 0;
	/** The acknowledgement in the last segment we sent. */
	lastAckSent = 0;
	/** The acknowledgement in the last segment received: what the peer last had. */
	lastAckReceived = 0;
	/** IPv4 identification of the next segment. */
	nextIdentification = 0;

	openedMs = 0;
	/** When its handshake was through. */
	establishedMs = 0;
	lastInboundMs = 0;
	/** When something last came that shows the peer hears us; liveness is judged by this. */
	lastAnswerMs = 0;
	/** When the peer last asked where we are. */
	peerAskedMs = 0;
	lastOutboundMs = 0;
	/** When payload last travelled, either way. */
	lastDataMs = 0;
	/** Handshake: sends and waits so far (stock's count, wire.md 4.2), and when the next transmission is due. */
	handshakeTurns = 0;
	nextTransmissionMs = 0;

	/** The first non-SYN segment of the peer has arrived: conntrack's window towards it is open (wire.md 4.9). */
	isWindowOpen = false;
	nextWindowOpenerMs = 0;
	/** How many ack-eliciting segments were sent to open it. */
	windowOpeners = 0;
	/** MSS behind window scale in the peer's SYN or SYN+ACK; 0 when it sent none there. */
	peerMss = 0;
	/** The largest that it may have been: a SYN cookie keeps it rounded down. */
	peerMssCeiling = 0;
	/** From its control segments; 0 until known. */
	peerLinkMtuBytes = 0;
	nextControlMs = 0;
	controlRepeats = 0;
	/** Server: opened in this batch, whose first ACK may be stale by its end. */
	isJustOpened = false;
	/** When a segment from behind was last answered with a bare ACK. */
	strayAckMs = 0;
	/** When a SYN for this open flow last made us probe the peer; 0 for never. */
	synProbeMs = 0;
	/** When data of the peer was last accepted. */
	lastPayloadInMs = 0;
	/** Answers to bare segments from far behind since the last accepted segment, and when the last of them was. */
	farAnswers = 0;
	farAnswerMs = 0;
	/** When our sequence last jumped to what the peer acknowledges. */
	caughtUpMs = 0;
	/** When a challenge ACK that the budget did not allow is due at the latest; 0 for none. */
	challengeDueMs = 0;
	/** …and since when. */
	challengeOwedMs = 0;
	/** Data lies far away: its copy's slot (-1 when there was no room), where it ends, and how many of the kind came in a row. */
	heldSlot = -1;
	heldEnd = 0;
	/** 0 when nothing far away is remembered. */
	heldRun = 0;
	heldMs = 0;
	/** ISN of the SYN+ACK that a peer which begins anew was offered, and when; 0 for never (packet-cases.md 27). */
	offeredIss = 0;
	offeredMs = 0;

	/** Liveness: since when what we sent has gone unanswered, as far as it was noticed; see liveness.ts. */
	unansweredSinceMs = 0;
	nextProbeMs = 0;
	/** Probes in a row with nothing inbound behind them. */
	probesUnanswered = 0;
	/** When something outside made us doubt that the peer is there (the machine had slept); 0 for never. */
	doubtedMs = 0;
	/** Nothing came back although we probed; only what comes in says otherwise. */
	isSilent = false;

	/** Client: when this attempt at a handshake was decided on, and when its first SYN is due. */
	attemptDecidedMs = 0;
	attemptMs = 0;
	/** In this attempt the peer was told that its flow from before is dead, by a reset. */
	hasResetOldFlow = false;
	/** Attempts and short-lived flows in a row that came to nothing. */
	failedAttempts = 0;
	/** Since when the flow is being opened anew, and when its peer was last heard before that; 0 while it is not. */
	failingSinceMs = 0;
	heardBeforeMs = 0;
	/** Renewals in a row whose flow never heard anything behind its handshake: this peer answers no probes. */
	vainRenewals = 0;

	/** What a believed ICMP error said the path takes, octets, and until when; 0 for nothing. */
	pathMtuBytes = 0;
	pathMtuUntilMs = 0;
	/** Payload octets of the largest segment sent. */
	largestSegmentBytes = 0;
	nextPathLookMs = 0;
	/** Round trips, loss and order as this end sees them. */
	readonly quality = new PathQuality();

	/** Largest user datagram that one segment carries now. */
	maxPayloadBytes = 0;
	/** Sums that every header of this flow starts from (header checksum, pseudo header). */
	ipSumBase = 0;
	pseudoSumBase = 0;

	/** Datagrams that wait for the handshake or the window; null when none ever did. */
	pending: PendingDatagrams | null = null;
	/** Place in the table's dense list of live flows. */
	liveIndex = -1;

	constructor(readonly slot: number) {}

	/** Forgets what the flow before in this slot had seen of attacks and outages. */
	forgetSuspicions(nowMs: number): void {
		this.strayAckMs = 0;
		this.synProbeMs = 0;
		this.lastPayloadInMs = nowMs;
		this.farAnswers = 0;
		this.farAnswerMs = 0;
		this.caughtUpMs = 0;
		this.challengeDueMs = 0;
		this.challengeOwedMs = 0;
		this.heldSlot = -1;
		this.heldRun = 0;
		this.offeredMs = 0;
	}
}

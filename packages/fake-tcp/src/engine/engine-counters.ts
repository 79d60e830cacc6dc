// The engine's counters: names and their places in one Float64Array, which may be shared with another thread.

/** Past-tense plurals; bytes and units in the name. The order is the layout. */
export const ENGINE_COUNTERS = [
	/** IP packets read from the TUN (a super-segment is one). */
	"packetsReceived",
	/** Packets whose payload was delivered. */
	"packetsDelivered",
	/** Packets that changed or refreshed state and carried no payload (handshake, ACK, keepalive, control, RST). */
	"packetsConsumed",
	/** Packets kept as evidence (ICMP errors). */
	"packetsTakenAsEvidence",
	/** IP fragments of datagrams that were put together; the last one counts as what became of the whole. */
	"packetsReassembled",
	/** Packets kept until it is clear what becomes of them: a present value, which falls again. */
	"packetsHeld",
	/** Wire segments with payload received: a super-segment counts as many as it held. */
	"segmentsReceived",
	"payloadBytesReceived",
	/** Trains delivered towards UDP (runs of glued datagrams). */
	"trainsReceived",
	"segmentsSent",
	"payloadBytesSent",
	/** Trains handed to the TUN: one system call each. */
	"trainsSent",
	/** IP fragments sent: parts of segments that are too large for one packet. */
	"fragmentsSent",
	/** Segments without payload sent: handshake, ACK, control, RST. */
	"bareSegmentsSent",
	"resetsSent",
	"resetsReceived",
	"flowsOpened",
	"flowsClosed",
	"handshakesStarted",
	"handshakesFailed",
	"duplicateOrLateSegments",
	/** Resets near the expected sequence number that were answered (RFC 5961). */
	"challengeAcksSent",
	/** Accepted segments with control bits that this wire format does not use. */
	"segmentsWithOddBits",
	/** SYNs answered without keeping anything, and flows opened by those who came back. */
	"synCookiesSent",
	"synCookiesAccepted",
] as const;

export type EngineCounterName = (typeof ENGINE_COUNTERS)[number];
export const ENGINE_COUNTER_COUNT = ENGINE_COUNTERS.length;

function placesByName(): Record<EngineCounterName, number> {
	const places: Partial<Record<EngineCounterName, number>> = {};
	for (const [place, name] of ENGINE_COUNTERS.entries()) places[name] = place;
	return places as Record<EngineCounterName, number>;
}

/** `ENGINE_COUNTER.segmentsSent` is the counter's index. */
export const ENGINE_COUNTER: Readonly<Record<EngineCounterName, number>> =
	placesByName();

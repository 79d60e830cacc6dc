// Wire profiles: what Tunscope does on the wire, one named field per habit, so that "like stock" is a table and not a scatter of ifs.

export type WireProfileName = "default" | "stock-exact";

export interface WireProfile {
	readonly name: WireProfileName;
	/** IPv4 identification rises by one per segment of a flow (GRO glues then); otherwise it is 0. */
	readonly countsIpv4Identification: boolean;
	/** The kernel numbers IPv4 IDs within a super-segment, so "always 0" means one datagram per train. */
	readonly maxSegmentsPerTrain: number;
	/** MSS behind window scale in SYN and SYN+ACK (wire.md 4.11). */
	readonly announcesMss: boolean;
	/** Link MTU in the window field of bare ACKs, between two of ours (wire.md 4.13). */
	readonly sendsControlSegments: boolean;
	/** The server's ISS is unpredictable; otherwise 0. The client's is always 0: stock refuses any other. */
	readonly hidesServerIss: boolean;
	/** rcvNxt never moves backwards; otherwise it follows the last segment received. */
	readonly acknowledgesMonotonically: boolean;
	/** Payload on the handshake's last ACK is delivered; otherwise swallowed. */
	readonly deliversHandshakePayload: boolean;
	/** Bare ACKs after the handshake, and a bound on what is sent before the peer's first (wire.md 4.9). */
	readonly opensConntrackWindow: boolean;
	/** A bare ACK is due once this many octets were received since the last acknowledgement we sent. */
	readonly ackAfterBytes: number;
	/** …or this long after them; 0 switches the timer off. */
	readonly ackAfterMs: number;
	/** A flow that a reset closes answers with one. */
	readonly answersResetWithReset: boolean;
	/** Resets for segments of unknown flows, per second; 0 means no bound. */
	readonly straySegmentResetsPerSecond: number;
	/**
	 * SYN+ACK and the handshake's last ACK must have exactly their bits; otherwise further bits are overlooked, as long
	 * as SYN, RST and FIN are as they should be.
	 */
	readonly needsExactHandshakeBits: boolean;
	/** A segment that does not fit the handshake uses up one of its turns, also a repeated SYN; otherwise it is ignored. */
	readonly strangersUseUpTurns: boolean;
	/** Resets of a handshake that failed carry the ISS, not the ISS + 1. */
	readonly resetsHandshakeFromIss: boolean;
	/** A peer that says nothing although data goes out is probed, and given up when it does not answer. */
	readonly probesSilentPeers: boolean;
	/** A client's flow that is reset, or whose handshake fails, is opened anew while its application wants it. */
	readonly renewsFlows: boolean;
	/** Segments of an open flow must lie in the acceptance window; otherwise everything is taken (segment-acceptance.ts). */
	readonly checksSequences: boolean;
	/** Any reset ends an open flow, and a handshake; otherwise by RFC 5961, and in a handshake only one that acknowledges our SYN. */
	readonly obeysAnyReset: boolean;
	/** A SYN on an open flow is a segment like any other; otherwise the peer is probed (packet-cases.md 27). */
	readonly takesSynForData: boolean;
	/** One octet at rcvNxt − 1 from a peer that is idle is a keepalive; otherwise a datagram. */
	readonly swallowsKeepaliveOctets: boolean;
	/** SYNs beyond the limits of half-open flows are answered from cookies; otherwise the oldest half-open flow goes. */
	readonly answersFloodsWithCookies: boolean;
	/** An empty user datagram, which the wire format cannot carry, leaves as a bare ACK. */
	readonly sendsEmptyDatagramAsAck: boolean;
}

const MIB = 1024 * 1024;

/** Stock plus the safe extras; interoperates with stock in both roles. */
const DEFAULT_PROFILE: WireProfile = {
	name: "default",
	countsIpv4Identification: true,
	maxSegmentsPerTrain: 640,
	announcesMss: true,
	sendsControlSegments: true,
	hidesServerIss: true,
	acknowledgesMonotonically: true,
	deliversHandshakePayload: true,
	opensConntrackWindow: true,
	ackAfterBytes: 16 * MIB,
	ackAfterMs: 1_000,
	answersResetWithReset: false,
	straySegmentResetsPerSecond: 100,
	needsExactHandshakeBits: false,
	strangersUseUpTurns: false,
	resetsHandshakeFromIss: false,
	probesSilentPeers: true,
	renewsFlows: true,
	checksSequences: true,
	obeysAnyReset: false,
	takesSynForData: false,
	swallowsKeepaliveOctets: true,
	answersFloodsWithCookies: true,
	sendsEmptyDatagramAsAck: false,
};

/** wire.md 4.1 to 4.6 to the letter. */
const STOCK_EXACT_PROFILE: WireProfile = {
	name: "stock-exact",
	countsIpv4Identification: false,
	maxSegmentsPerTrain: 1,
	announcesMss: false,
	sendsControlSegments: false,
	hidesServerIss: false,
	acknowledgesMonotonically: false,
	deliversHandshakePayload: false,
	opensConntrackWindow: false,
	ackAfterBytes: 128 * MIB,
	ackAfterMs: 0,
	answersResetWithReset: true,
	straySegmentResetsPerSecond: 0,
	needsExactHandshakeBits: true,
	strangersUseUpTurns: true,
	resetsHandshakeFromIss: true,
	probesSilentPeers: false,
	renewsFlows: false,
	checksSequences: false,
	obeysAnyReset: true,
	takesSynForData: true,
	swallowsKeepaliveOctets: false,
	answersFloodsWithCookies: false,
	sendsEmptyDatagramAsAck: true,
};

export const WIRE_PROFILES: Readonly<Record<WireProfileName, WireProfile>> = {
	default: DEFAULT_PROFILE,
	"stock-exact": STOCK_EXACT_PROFILE,
};

// What the engine noticed beyond discards: things an operator may want to know, as codes with two numbers.

/**
 * The order is the numbering. `value` and `other` of each are given behind it; both are 0 where nothing is said.
 * Sentences stand in the catalogue of packages/shared, by the same names.
 */
export const ENGINE_NOTICES = [
	/** A datagram that came in IP fragments was put together. value: largest fragment, octets; other: pieces. */
	"fragments-reassembled",
	/** MSS in a SYN where only a middlebox puts it (wire.md 4.11). value: that MSS. */
	"mss-by-middlebox",
	/** The peer's link MTU is not ours. value: ours; other: the peer's. */
	"link-mtu-differs",
	/** A believed ICMP error lowered a flow's payload limit. value: path MTU; other: limit before, octets. */
	"path-mtu-lowered",
	/** It is back to what both ends' links allow. value: path MTU. */
	"path-mtu-restored",
	/** ICMP errors that quote a segment of ours. value: type; other: code. */
	"icmp-unreachable",
	"icmp-prohibited",
	"icmp-time-exceeded",
	"icmp-other",
	/** A reset with the exact sequence number ended a flow; at a server one in use. value: 1 when it carried an acknowledgement. */
	"reset-by-peer",
	/** A reset within the window was answered with a challenge ACK (RFC 5961 §3.2). value: distance, octets. */
	"reset-challenged",
	/** A SYN on an open flow made us probe the peer (packet-cases.md 27). */
	"syn-probed",
	/** The peer did not answer the probe: it has begun anew from the same port. */
	"peer-restarted",
	/** Control bits that this wire format does not use, on a segment that was accepted otherwise. value: the bits. */
	"odd-control-bits",
	/** Nothing comes back although we send. value: milliseconds since the last inbound segment. */
	"peer-silent",
	/** It came back by itself. value: milliseconds of silence. */
	"peer-back",
	/** The flow went on from another local port. value: milliseconds of silence. */
	"flow-renewed",
	/** The other end of a flow has another address or port now: a NAT between has changed. */
	"peer-rebound",
	/** value: attempts so far. */
	"handshake-unanswered",
	"handshake-refused",
	/** The sequence jumped ahead and went on from there: an outage. value: octets skipped. */
	"outage-skipped",
	/** value: lost in a thousand segments; other: segments in the sample. */
	"loss-inbound",
	/** Segments arrive out of order. value: in a thousand; other: segments in the sample. */
	"reordering-inbound",
	/** Half-open flows beyond the limit: SYNs are answered from cookies, without state. */
	/** value: of the first, half-open flows; of the second, SYNs that were answered so. */
	"syn-flood",
	"syn-flood-over",
] as const;

export type EngineNoticeName = (typeof ENGINE_NOTICES)[number];
/** Place in `ENGINE_NOTICES`. */
export type EngineNotice = number & { readonly __engineNotice?: never };

function numbersByName(): Record<EngineNoticeName, EngineNotice> {
	const table: Partial<Record<EngineNoticeName, EngineNotice>> = {};
	for (const [number, name] of ENGINE_NOTICES.entries()) table[name] = number;
	return table as Record<EngineNoticeName, EngineNotice>;
}

/** `NOTICE["peer-silent"]` is its number. */
export const NOTICE: Readonly<Record<EngineNoticeName, EngineNotice>> =
	numbersByName();

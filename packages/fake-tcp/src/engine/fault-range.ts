// Which octets of a segment a drop reason points at, so that a hex view can mark them.

import { DROP, type DropReason } from "../wire/drop-reason.js";
import { IPV4_FIELD } from "../wire/ipv4.js";
import { IPV6_FIELD } from "../wire/ipv6.js";
import type { SegmentView } from "../wire/segment-view.js";
import { TCP_FIELD } from "../wire/tcp.js";

/** Octets counted from the start of the IP header. */
export interface FaultRange {
	start: number;
	length: number;
}

type TcpPlace = readonly [start: number, length: number];

const SEQUENCE: TcpPlace = [TCP_FIELD.sequence, 4];
const CONTROL_BITS: TcpPlace = [TCP_FIELD.controlBits, 1];
const ACKNOWLEDGEMENT: TcpPlace = [TCP_FIELD.acknowledgement, 4];
const PORTS: TcpPlace = [TCP_FIELD.sourcePort, 4];

/** Where in the TCP header; reasons that are not listed point nowhere. */
const TCP_PLACES: ReadonlyMap<DropReason, TcpPlace> = new Map([
	[DROP["bad-tcp-checksum"], [TCP_FIELD.checksum, 2]],
	[DROP["bad-control-bits"], CONTROL_BITS],
	[DROP["unacceptable-syn"], SEQUENCE],
	[DROP["syn-on-established"], CONTROL_BITS],
	[DROP["flow-limit"], PORTS],
	[DROP["unknown-flow"], PORTS],
	[DROP["unknown-flow-rst"], PORTS],
	[DROP["rst-out-of-window"], SEQUENCE],
	[DROP["rst-challenged"], SEQUENCE],
	[DROP["sequence-out-of-window"], SEQUENCE],
	[DROP["acknowledgement-out-of-window"], ACKNOWLEDGEMENT],
	[DROP["ahead-not-continued"], SEQUENCE],
	[DROP["unexpected-in-handshake"], CONTROL_BITS],
	[DROP["unknown-control"], [TCP_FIELD.window, 2]],
]);

const range: FaultRange = { start: 0, length: 0 };

/** The segment must be bound. The result is one object, valid until the next call. */
export function faultOf(reason: DropReason, segment: SegmentView): FaultRange {
	const tcpStart = segment.tcpOffset - segment.ipOffset;
	range.start = 0;
	range.length = 0;
	if (reason === DROP["wrong-destination"]) {
		range.start =
			segment.family === 4 ? IPV4_FIELD.destination : IPV6_FIELD.destination;
		range.length = segment.family === 4 ? 4 : 16;
		return range;
	}
	if (
		reason === DROP["handshake-payload"] ||
		reason === DROP["keepalive-octet"]
	) {
		range.start = segment.payloadOffset - segment.ipOffset;
		range.length = segment.payloadLength;
		return range;
	}
	const place = TCP_PLACES.get(reason);
	if (place === undefined) return range;
	range.start = tcpStart + place[0];
	range.length = place[1];
	return range;
}

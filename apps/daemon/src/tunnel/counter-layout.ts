// Where each counter of a tunnel stands in its SharedArrayBuffer: engine counters, drops by reason, I/O counters, gauges.

import { DROP_REASON_COUNT, ENGINE_COUNTER_COUNT } from "@tunscope/fake-tcp";

/** Counted by the pump, not the engine. */
export const IO_COUNTERS = [
	"tunReads",
	"tunWrites",
	"udpMessagesReceived",
	"udpMessagesSent",
	"udpDatagramsReceived",
	"udpDatagramsSent",
	"udpOverflowDrops",
	"udpRefusals",
	"pollerWakeups",
] as const;

/** Present values, not totals. */
export const GAUGES = [
	"flowsEstablished",
	"flowsHalfOpen",
	"pendingBytes",
	/** Memory of IP fragments that wait for the rest of their datagram. */
	"heldFragmentBytes",
	/** Milliseconds since the engine's epoch of the last inbound segment, -1 before the first. */
	"lastInboundMs",
	/** The engine's clock when it last published, so that a reader can tell ages. */
	"nowMs",
	"linkMtuBytes",
	"tunLinkMtuBytes",
	/** 1 while the TUN is up and carrying. */
	"isTunUp",
	"isTargetDown",
] as const;

export const ENGINE_COUNTERS_START = 0;
export const DROPS_START = ENGINE_COUNTERS_START + ENGINE_COUNTER_COUNT;
export const IO_COUNTERS_START = DROPS_START + DROP_REASON_COUNT;
export const GAUGES_START = IO_COUNTERS_START + IO_COUNTERS.length;
const COUNTER_SLOTS = GAUGES_START + GAUGES.length;

export type IoCounterName = (typeof IO_COUNTERS)[number];
export type GaugeName = (typeof GAUGES)[number];

export function createCounterMemory(): SharedArrayBuffer {
	return new SharedArrayBuffer(COUNTER_SLOTS * Float64Array.BYTES_PER_ELEMENT);
}

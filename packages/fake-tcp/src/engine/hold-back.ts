// Data far away from where its flow is: kept until the next segment says whether the flow goes on there (the idea of RFC 3550 A.1).

import type { Flow } from "../flow/flow.js";
import { HELD_SLOT_BYTES } from "../flow/held-segments.js";
import { ACCEPTANCE_WINDOW_BYTES } from "../flow/segment-acceptance.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd, sequenceDistance } from "../wire/sequence.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";

/**
 * So many far segments in a row, each near the one before, are an outage too: a path that deals segments out over
 * several links may never let two arrive that continue each other. Blind ones hit this one time in 512 per segment.
 */
const RUN_OF_AN_OUTAGE = 8;

/** True when data at this sequence number belongs to what is held back, so that the flow goes on there. */
export function continuesHeld(flow: Flow, segSeq: number): boolean {
	if (flow.heldRun === 0) return false;
	return (
		segSeq === flow.heldEnd ||
		(flow.heldRun >= RUN_OF_AN_OUTAGE && isInRow(flow, segSeq))
	);
}

/** Keeps a copy of the segment in the view, in place of the one before. */
export function holdBack(
	core: EngineCore,
	flow: Flow,
	segmentSize: number,
	nowMs: number,
): void {
	const { segment } = core;
	flow.heldRun = isInRow(flow, segment.segSeq) ? flow.heldRun + 1 : 1;
	flow.heldEnd = sequenceAdd(segment.segSeq, segment.payloadLength);
	flow.heldMs = nowMs;
	core.dropHeld(flow);
	const slot = copySegment(core, flow);
	const packet = core.held.packetAt(slot);
	if (packet === undefined)
		return core.dropSegment(DROP["ahead-not-continued"], flow);
	packet.packetLength = segment.packetLength;
	packet.payloadStart = segment.payloadOffset - segment.ipOffset;
	packet.segmentSize = segmentSize;
	packet.segSeq = segment.segSeq;
	flow.heldSlot = slot;
	core.count(ENGINE_COUNTER.packetsHeld, 1);
}

/** Nothing was accepted since the last far segment, and this one is near it. */
function isInRow(flow: Flow, segSeq: number): boolean {
	return (
		flow.heldRun > 0 &&
		flow.lastInboundMs <= flow.heldMs &&
		Math.abs(sequenceDistance(flow.heldEnd, segSeq)) <= ACCEPTANCE_WINDOW_BYTES
	);
}

/** @returns the copy's slot; in a full pool the oldest copy makes room. -1 when there can be none. */
function copySegment(core: EngineCore, flow: Flow): number {
	const { segment, held } = core;
	const { ipOffset, packetLength } = segment;
	if (packetLength > HELD_SLOT_BYTES) return -1;
	const slot = held.hold(flow, ipOffset, packetLength);
	if (slot >= 0) return slot;
	const oldest = held.oldest();
	if (oldest === null) return -1;
	core.dropHeld(oldest);
	return held.hold(flow, ipOffset, packetLength);
}

// Sends what waited for the handshake or for conntrack's window, in order, as long as the window allows.

import type { Flow } from "../flow/flow.js";
import { MAX_SUPER_SEGMENT_BYTES } from "../mtu/mtu-arithmetic.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd, sequenceDistance } from "../wire/sequence.js";
import type { EngineCore } from "./engine-core.js";
import type { RunPlace } from "./outbox.js";
import { oversizeFate } from "./oversize.js";

/**
 * Until the peer's first non-SYN segment, a stateful firewall allows one unscaled window past the handshake; what
 * goes beyond is INVALID to it and lost (wire.md 4.9).
 */
const UNSCALED_WINDOW_BYTES = 0xffff;

/** Octets that may be sent now; Infinity once the window is open. */
export function windowAllowanceBytes(flow: Flow): number {
	if (flow.isWindowOpen) return Number.POSITIVE_INFINITY;
	return (
		UNSCALED_WINDOW_BYTES -
		sequenceDistance(sequenceAdd(flow.iss, 1), flow.sndNxt)
	);
}

export function drainPending(
	core: EngineCore,
	flow: Flow,
	nowMs: number,
): void {
	const { pending } = flow;
	if (pending === null) return;
	for (let next = pending.peek(); next !== undefined; next = pending.peek()) {
		const isOversize = next.length > flow.maxPayloadBytes;
		const fate = isOversize
			? oversizeFate(core.options, flow, next.length)
			: "fragment";
		if (fate === "refuse") {
			core.drop(DROP["oversize-datagram"], 0, 0, flow);
			pending.shift();
			continue;
		}
		if (fate === "wait" || next.length > windowAllowanceBytes(flow)) return;
		if (isOversize) {
			// First, because a flush within would give the staged octets' place away.
			core.outbox.makeRoomForFragments();
			if (!core.outbox.hasStagingRoom(next.length)) core.outbox.flush();
			const offset = core.outbox.stage(next);
			pending.shift();
			core.outbox.fragmented(flow, offset, next.length, nowMs);
			continue;
		}
		core.outbox.makeRoom();
		if (!core.outbox.hasStagingRoom(next.length)) core.outbox.flush();
		const place = stageRun(core, flow);
		if (place !== null) core.outbox.run(flow, place, nowMs);
	}
}

/** Moves datagrams of one size (and at most one shorter behind them) from the queue into the staging region. */
function stageRun(core: EngineCore, flow: Flow): RunPlace | null {
	const { outbox } = core;
	const { pending } = flow;
	const first = pending?.peek();
	if (pending === null || first === undefined) return null;
	const segmentSize = first.length;
	const offset = outbox.stage(first);
	pending.shift();
	const limit = Math.min(
		windowAllowanceBytes(flow),
		MAX_SUPER_SEGMENT_BYTES - 60,
	);
	let length = segmentSize;
	for (
		let segments = 1;
		segments < core.options.profile.maxSegmentsPerTrain;
		segments++
	) {
		const next = pending.peek();
		if (
			next === undefined ||
			next.length > segmentSize ||
			length + next.length > limit
		)
			break;
		if (!outbox.hasStagingRoom(next.length)) break;
		outbox.stage(next);
		pending.shift();
		length += next.length;
		if (next.length < segmentSize) break;
	}
	return { offset, length, segmentSize };
}

// A train of user datagrams on its way out: sent, queued until the flow may send, or refused for its size.

import type { Flow } from "../flow/flow.js";
import type { TrainTable } from "../train/train-table.js";
import { DROP } from "../wire/drop-reason.js";
import type { EngineCore } from "./engine-core.js";
import { oversizeFate } from "./oversize.js";
import { windowAllowanceBytes } from "./pending-drain.js";

const OVERSIZE = DROP["oversize-datagram"];
const PENDING_FULL = DROP["pending-full"];

/** Sends it now, or when its flow's handshake is through. */
export function sendTrain(
	core: EngineCore,
	flow: Flow,
	trains: TrainTable,
	train: number,
	nowMs: number,
): void {
	core.outbox.regionsToKeep = trains.regions.count;
	const totalLength = trains.totalLength[train] ?? 0;
	const mustWait =
		flow.state !== "ESTABLISHED" ||
		(flow.pending !== null && flow.pending.count > 0) ||
		totalLength > windowAllowanceBytes(flow);
	if (mustWait) {
		// A handshake that fails is tried again for as long as something is to be sent.
		if (flow.state !== "ESTABLISHED") core.flows.wantedMs[flow.slot] = nowMs;
		return queue(core, flow, trains, train);
	}
	if ((trains.segmentSize[train] ?? 0) <= flow.maxPayloadBytes) {
		return core.outbox.train(flow, trains, train, nowMs);
	}
	sendOneByOne(core, flow, trains, train, nowMs);
}

/** Copies every datagram of the train to the flow's queue. */
function queue(
	core: EngineCore,
	flow: Flow,
	trains: TrainTable,
	train: number,
): void {
	trains.forEachDatagram(train, (offset, length) =>
		queueOne(core, flow, offset, length),
	);
}

function queueOne(
	core: EngineCore,
	flow: Flow,
	offset: number,
	length: number,
): void {
	const isRefused =
		length > flow.maxPayloadBytes &&
		oversizeFate(core.options, flow, length) === "refuse";
	if (isRefused) core.drop(OVERSIZE, offset, length, flow);
	else if (!core.pendingOf(flow).push(core.options.arena, offset, length))
		core.drop(PENDING_FULL, offset, length, flow);
}

/** A train whose datagrams are too large, all but perhaps a shorter last one. */
function sendOneByOne(
	core: EngineCore,
	flow: Flow,
	trains: TrainTable,
	train: number,
	nowMs: number,
): void {
	const { outbox, options } = core;
	trains.forEachDatagram(train, (offset, length) => {
		// Behind one that waits, the others do too.
		if (flow.pending !== null && flow.pending.count > 0)
			return queueOne(core, flow, offset, length);
		if (length <= flow.maxPayloadBytes)
			return outbox.run(flow, { offset, length, segmentSize: length }, nowMs);
		if (oversizeFate(options, flow, length) === "fragment")
			return outbox.fragmented(flow, offset, length, nowMs);
		queueOne(core, flow, offset, length);
	});
}

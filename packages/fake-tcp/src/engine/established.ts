// What an accepted segment of an open flow does: data to deliver, acknowledgements to note, control values to learn.

import { FLOW_COUNTER, FLOW_COUNTERS, type Flow } from "../flow/flow.js";
import { isAnswer } from "../flow/liveness.js";
import { MINIMUM_LINK_MTU_BYTES } from "../mtu/mtu-arithmetic.js";
import { segmentsIn } from "../train/train-table.js";
import {
	CONTROL_KIND,
	CONTROL_VALUE_MAX,
	controlKind,
	controlValue,
	isControlWindow,
} from "../wire/control-window.js";
import { DROP } from "../wire/drop-reason.js";
import { sequenceAdd, sequenceLess } from "../wire/sequence.js";
import { ACK } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { NOTICE } from "./engine-notice.js";
import { drainPending } from "./pending-drain.js";

const SEGMENTS_RECEIVED = ENGINE_COUNTER.segmentsReceived;
const BYTES_RECEIVED = ENGINE_COUNTER.payloadBytesReceived;
const TRAINS_RECEIVED = ENGINE_COUNTER.trainsReceived;
const PACKETS_DELIVERED = ENGINE_COUNTER.packetsDelivered;
const PACKETS_CONSUMED = ENGINE_COUNTER.packetsConsumed;
const LATE_SEGMENTS = ENGINE_COUNTER.duplicateOrLateSegments;
const LINK_MTU_DIFFERS = NOTICE["link-mtu-differs"];

export class Established {
	readonly #core: EngineCore;

	constructor(core: EngineCore) {
		this.#core = core;
	}

	/** Delivers the payload in the view and moves rcvNxt. */
	deliver(flow: Flow, segmentSize: number, nowMs: number): void {
		const core = this.#core;
		const { segment, flows } = core;
		const length = segment.payloadLength;
		flow.lastDataMs = nowMs;
		flow.lastPayloadInMs = nowMs;
		const segments = segmentsIn(length, segmentSize);
		this.#advance(flow, sequenceAdd(segment.segSeq, length), segments);
		core.count(SEGMENTS_RECEIVED, segments);
		core.count(BYTES_RECEIVED, length);
		core.count(TRAINS_RECEIVED, 1);
		core.count(PACKETS_DELIVERED, 1);
		const base = flow.slot * FLOW_COUNTERS;
		const counters = flows.counters;
		counters[base + FLOW_COUNTER.segmentsReceived] =
			(counters[base + FLOW_COUNTER.segmentsReceived] ?? 0) + segments;
		counters[base + FLOW_COUNTER.payloadBytesReceived] =
			(counters[base + FLOW_COUNTER.payloadBytesReceived] ?? 0) + length;
		core.options.sink.deliver(flow, segment.payloadOffset, length, segmentSize);
		if (core.isYoung(flow)) core.noteOpening(flow);
		this.#acknowledgeIfDue(flow, nowMs);
	}

	/** The segment in the view is one of the peer's: it is alive, and has what it acknowledges. */
	noteInbound(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		flow.lastInboundMs = nowMs;
		core.lastInboundMs = nowMs;
		const isQuestion = sequenceLess(segment.segSeq, flow.rcvNxt);
		if (
			segment.payloadLength > 0 ||
			isAnswer(flow, segment.segAck, isQuestion, nowMs)
		)
			flow.lastAnswerMs = nowMs;
		if ((segment.controlBits & ACK) !== 0) {
			flow.lastAckReceived = segment.segAck;
			// Forward only, and unsigned: an outage may have left more than 2³¹ octets unacknowledged.
			if (
				(segment.segAck - flow.sndUna) >>> 0 <=
				(flow.sndNxt - flow.sndUna) >>> 0
			)
				flow.sndUna = segment.segAck;
			if (segment.payloadLength > 0)
				flow.quality.noteAcknowledged(segment.segAck, nowMs);
			else flow.quality.noteBareAck(segment.segAck, flow.peerMss > 0, nowMs);
		}
		if (flow.isWindowOpen) return;
		flow.isWindowOpen = true;
		drainPending(core, flow, nowMs);
	}

	#advance(flow: Flow, end: number, segments: number): void {
		if (!this.#core.options.profile.acknowledgesMonotonically) {
			flow.rcvNxt = end;
			return;
		}
		if (sequenceLess(flow.rcvNxt, end)) flow.rcvNxt = end;
		else this.#noteLate(flow, segments);
	}

	#noteLate(flow: Flow, segments: number): void {
		const core = this.#core;
		core.count(LATE_SEGMENTS, segments);
		const at = flow.slot * FLOW_COUNTERS + FLOW_COUNTER.lateSegments;
		core.flows.counters[at] = (core.flows.counters[at] ?? 0) + segments;
	}

	#acknowledgeIfDue(flow: Flow, nowMs: number): void {
		// Unsigned, like stock's: an end behind what we acknowledged last is "more than 2³¹ ahead" and elicits an ACK.
		const unacknowledged = (flow.rcvNxt - flow.lastAckSent) >>> 0;
		if (unacknowledged > this.#core.options.profile.ackAfterBytes)
			this.#core.outbox.ack(flow, nowMs);
	}

	/** A segment without payload. @returns false when it said what it had to say in its window. */
	receiveBare(flow: Flow, nowMs: number): boolean {
		const core = this.#core;
		const { segment, options } = core;
		if (
			options.profile.sendsControlSegments &&
			flow.peerMss > 0 &&
			isControlWindow(segment.window)
		) {
			this.#receiveControl(flow, nowMs);
			return false;
		}
		core.count(PACKETS_CONSUMED, 1);
		if (!options.profile.acknowledgesMonotonically) {
			this.#advance(flow, segment.segSeq, 1);
			this.#acknowledgeIfDue(flow, nowMs);
		}
		return true;
	}

	/** @param value of the control segment; its largest stands for that or more. */
	#learnLinkMtu(flow: Flow, value: number): void {
		const core = this.#core;
		const peersBytes = value === CONTROL_VALUE_MAX ? 0xffff : value;
		const isNews = peersBytes !== flow.peerLinkMtuBytes;
		flow.peerLinkMtuBytes = peersBytes;
		core.limitPayload(flow);
		const { linkMtuBytes } = core.outbox;
		if (isNews && value !== Math.min(linkMtuBytes, CONTROL_VALUE_MAX))
			core.noticeSegment(LINK_MTU_DIFFERS, flow, linkMtuBytes, peersBytes);
	}

	#receiveControl(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const kind = controlKind(core.segment.window);
		const value = controlValue(core.segment.window);
		if (
			kind === CONTROL_KIND.linkMtu &&
			value >= MINIMUM_LINK_MTU_BYTES[flow.family]
		) {
			this.#learnLinkMtu(flow, value);
			core.count(PACKETS_CONSUMED, 1);
			// Datagrams that only one of ours can be sent may wait for this.
			return drainPending(core, flow, nowMs);
		}
		if (kind === CONTROL_KIND.provenSize)
			return core.count(PACKETS_CONSUMED, 1);
		core.dropSegment(DROP["unknown-control"], flow);
	}
}

// Segments of an open flow: data to deliver, acknowledgements to note, control values to learn, resets to judge.

import { FLOW_COUNTER, FLOW_COUNTERS, type Flow } from "../flow/flow.js";
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
import {
	sequenceAdd,
	sequenceDistance,
	sequenceLess,
} from "../wire/sequence.js";
import { ACK, RST, SYN } from "../wire/tcp.js";
import type { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import { drainPending } from "./pending-drain.js";

/** A reset further than this from rcvNxt is nobody's who saw the flow: what loss and stock's reordering can explain. */
const RESET_WINDOW_BYTES = 4 * 1024 * 1024;
/** A segment from behind is answered at most this often per flow, so that two of ours cannot answer each other for ever. */
const STRAY_ACK_INTERVAL_MS = 10;
/** How long a probed peer has to show that it still has the flow (packet-cases.md 27). */
const SYN_PROBE_PATIENCE_MS = 500;

const SEGMENTS_RECEIVED = ENGINE_COUNTER.segmentsReceived;
const BYTES_RECEIVED = ENGINE_COUNTER.payloadBytesReceived;
const TRAINS_RECEIVED = ENGINE_COUNTER.trainsReceived;
const PACKETS_DELIVERED = ENGINE_COUNTER.packetsDelivered;
const PACKETS_CONSUMED = ENGINE_COUNTER.packetsConsumed;
const LATE_SEGMENTS = ENGINE_COUNTER.duplicateOrLateSegments;

export class Established {
	readonly #core: EngineCore;

	constructor(core: EngineCore) {
		this.#core = core;
	}

	/**
	 * The segment in the view is for this open flow.
	 * @param segmentSize payload octets of each wire segment in it.
	 * @returns false when the flow turned out to be dead and the SYN in the view should begin a new one.
	 */
	receive(flow: Flow, segmentSize: number, nowMs: number): boolean {
		const { segment, options } = this.#core;
		const bits = segment.controlBits;
		if ((bits & RST) !== 0) {
			this.#receiveReset(flow, nowMs);
			return true;
		}
		// Stock takes a SYN here for data (wire.md 4.4).
		if ((bits & SYN) !== 0 && options.profile.acknowledgesMonotonically)
			return this.#receiveSyn(flow, nowMs);
		this.#noteInbound(flow, nowMs);
		if (segment.payloadLength === 0) this.#receiveBare(flow, nowMs);
		else this.deliver(flow, segmentSize, nowMs);
		return true;
	}

	/** Delivers the payload in the view and moves rcvNxt. */
	deliver(flow: Flow, segmentSize: number, nowMs: number): void {
		const core = this.#core;
		const { segment, flows } = core;
		const length = segment.payloadLength;
		flow.lastDataMs = nowMs;
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

	#noteInbound(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		flow.lastInboundMs = nowMs;
		core.lastInboundMs = nowMs;
		if ((segment.controlBits & ACK) !== 0) {
			flow.lastAckReceived = segment.segAck;
			if (sequenceLess(flow.sndUna, segment.segAck))
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

	#receiveBare(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { segment, options } = core;
		if (
			options.profile.sendsControlSegments &&
			flow.peerMss > 0 &&
			isControlWindow(segment.window)
		) {
			return this.#receiveControl(flow, nowMs);
		}
		core.count(PACKETS_CONSUMED, 1);
		if (!options.profile.acknowledgesMonotonically) {
			this.#advance(flow, segment.segSeq, 1);
			return this.#acknowledgeIfDue(flow, nowMs);
		}
		// RFC 9293 §3.10.7.4: a segment from behind the window is answered with an ACK; keepalives live on this.
		if (!sequenceLess(segment.segSeq, flow.rcvNxt)) return;
		if (nowMs - flow.strayAckMs < STRAY_ACK_INTERVAL_MS) return;
		flow.strayAckMs = nowMs;
		core.outbox.ack(flow, nowMs);
	}

	#receiveControl(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const kind = controlKind(core.segment.window);
		const value = controlValue(core.segment.window);
		if (
			kind === CONTROL_KIND.linkMtu &&
			value >= MINIMUM_LINK_MTU_BYTES[flow.family]
		) {
			flow.peerLinkMtuBytes = value === CONTROL_VALUE_MAX ? 0xffff : value;
			core.limitPayload(flow);
			core.count(PACKETS_CONSUMED, 1);
			// Datagrams that only one of ours can be sent may wait for this.
			return drainPending(core, flow, nowMs);
		}
		if (kind === CONTROL_KIND.provenSize)
			return core.count(PACKETS_CONSUMED, 1);
		core.dropSegment(DROP["unknown-control"], flow);
	}

	#receiveReset(flow: Flow, nowMs: number): void {
		const core = this.#core;
		const { profile } = core.options;
		const distance = Math.abs(
			sequenceDistance(flow.rcvNxt, core.segment.segSeq),
		);
		// Stock closes on any reset; its own carries acknowledgement 0, so the sequence is all there is to judge by.
		if (profile.acknowledgesMonotonically && distance > RESET_WINDOW_BYTES) {
			return core.dropSegment(DROP["rst-out-of-window"], flow);
		}
		core.count(PACKETS_CONSUMED, 1);
		core.count(ENGINE_COUNTER.resetsReceived, 1);
		if (profile.answersResetWithReset) core.outbox.reset(flow, nowMs);
		core.end(flow, "reset-by-peer", nowMs);
	}

	#receiveSyn(flow: Flow, nowMs: number): boolean {
		const core = this.#core;
		const { segment, options } = core;
		const bits = segment.controlBits;
		if (bits === (SYN | ACK) && options.role === "client") {
			core.count(PACKETS_CONSUMED, 1);
			// Our final ACK was lost, or this is a late copy: say again where we are.
			if (nowMs - flow.strayAckMs >= STRAY_ACK_INTERVAL_MS) {
				flow.strayAckMs = nowMs;
				core.outbox.ack(flow, nowMs);
			}
			return true;
		}
		if (bits !== SYN || options.role !== "server") {
			core.dropSegment(DROP["bad-control-bits"], flow);
			return true;
		}
		const isProbed =
			flow.synProbeMs > 0 && flow.lastInboundMs < flow.synProbeMs;
		if (isProbed && nowMs - flow.synProbeMs >= SYN_PROBE_PATIENCE_MS) {
			core.close(flow, "replaced");
			return false;
		}
		core.dropSegment(DROP["syn-on-established"], flow);
		if (flow.synProbeMs > 0 && nowMs - flow.synProbeMs < SYN_PROBE_PATIENCE_MS)
			return true;
		// Answering with SYN+ACK would make our own host's conntrack follow the newcomer and lose the live flow.
		flow.synProbeMs = nowMs;
		core.outbox.ackEliciting(flow, 1, nowMs);
		return true;
	}
}

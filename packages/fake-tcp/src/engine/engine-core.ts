// State and small acts that all parts of the engine share: flows, counters, drops, closing a flow.

import type { FlowCloseReason } from "../flow/close-reason.js";
import { FLOW_COUNTER, FLOW_COUNTERS, type Flow } from "../flow/flow.js";
import { FlowTable, type FlowTuple } from "../flow/flow-table.js";
import { HalfOpenFlows } from "../flow/half-open-flows.js";
import { HeldSegments } from "../flow/held-segments.js";
import { Jitter } from "../flow/jitter.js";
import { settle } from "../flow/liveness.js";
import {
	type PendingBudget,
	PendingDatagrams,
} from "../flow/pending-datagrams.js";
import { QuietFlows } from "../flow/quiet-flows.js";
import { RateLimit } from "../flow/rate-limit.js";
import { SourcePorts } from "../flow/source-ports.js";
import { headersBytes, MINIMUM_LINK_MTU_BYTES } from "../mtu/mtu-arithmetic.js";
import { DROP, type DropReason } from "../wire/drop-reason.js";
import { SegmentView } from "../wire/segment-view.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import type { EngineNotice } from "./engine-notice.js";
import type { EngineOptions } from "./engine-options.js";
import { faultOf } from "./fault-range.js";
import { Outbox } from "./outbox.js";

const MIB = 1024 * 1024;
/** Room for a handshake at 100 Mbit/s over a path of 80 ms, and for many short ones. */
const PENDING_LIMIT_BYTES = 16 * MIB;
const PENDING_LIMIT_PER_FLOW_BYTES = MIB;
const PENDING_LIMIT_PER_FLOW_DATAGRAMS = 4_096;
/** Two full datagrams, or a handful of an inner protocol's handshake; 32 MiB for all flows of a table of the default size. */
const PENDING_RESERVE_PER_FLOW_BYTES = 4_096;
/** Two bare segments each, for all flows together: ten thousand that fall silent at once are asked one after another. */
const PROBES_PER_SECOND = 1_000;

export class EngineCore {
	readonly options: EngineOptions;
	readonly flows: FlowTable;
	readonly outbox: Outbox;
	readonly segment: SegmentView;
	readonly halfOpen: HalfOpenFlows;
	/** Copies of data that lies far away from where its flow is. */
	readonly held: HeldSegments;
	/** The segment in the view was put together from fragments: it is never answered with a reset. */
	cameInFragments = false;
	readonly #quietFlows: QuietFlows;
	readonly #place = { offset: 0, length: 0, faultStart: 0, faultLength: 0 };
	readonly pendingBudget: PendingBudget = {
		usedBytes: 0,
		limitBytes: PENDING_LIMIT_BYTES,
		limitPerFlowBytes: PENDING_LIMIT_PER_FLOW_BYTES,
		limitPerFlowDatagrams: PENDING_LIMIT_PER_FLOW_DATAGRAMS,
		reservePerFlowBytes: PENDING_RESERVE_PER_FLOW_BYTES,
	};
	/** Young flows that heard something in this batch, for the ACKs at its end; each at most once in a row. */
	readonly opening: Flow[] = [];
	establishedCount = 0;
	lastInboundMs = -1;
	readonly probeLimit = new RateLimit(PROBES_PER_SECOND);
	readonly jitter: Jitter;
	/** Opens a flow that has ended anew, in its slot; false where it should just end. Set by the engine. */
	renewInstead: (
		flow: Flow,
		reason: FlowCloseReason,
		nowMs: number,
	) => boolean = () => false;
	readonly #ports: SourcePorts;
	readonly #portTuple = {
		remote: new Int32Array(4),
		remotePort: 0,
		localPort: 0,
	};

	constructor(options: EngineOptions) {
		this.options = options;
		this.flows = new FlowTable(options.maxFlows, options.seed.hash);
		this.#quietFlows = new QuietFlows(this.flows);
		this.halfOpen = new HalfOpenFlows(options.seed.hash);
		this.held = new HeldSegments(options.arena, options.heldRegion);
		this.outbox = new Outbox(options, this.flows);
		this.segment = new SegmentView(options.arena);
		this.#ports = new SourcePorts(options.seed.port);
		this.jitter = new Jitter(options.seed.port);
	}

	count(counter: number, by: number): void {
		const { counters } = this.options;
		counters[counter] = (counters[counter] ?? 0) + by;
	}

	/** Discards what has no octets to blame. */
	drop(
		reason: DropReason,
		offset: number,
		length: number,
		flow: Flow | null = null,
	): void {
		this.#setPlace(offset, length);
		this.#discard(reason, flow);
	}

	/** Discards a packet that the segment view could not be bound to; it knows the octets at fault. */
	dropUnbound(
		reason: DropReason,
		offset: number,
		length: number,
		flow: Flow | null = null,
	): void {
		const { faultStart, faultLength } = this.segment;
		this.#setPlace(offset, length);
		this.#place.faultStart = faultStart;
		this.#place.faultLength = faultLength;
		this.#discard(reason, flow);
	}

	/** Discards the packet that the segment view is bound to; the field at fault follows from the reason. */
	dropSegment(reason: DropReason, flow: Flow | null = null): void {
		const { segment } = this;
		const fault = faultOf(reason, segment);
		this.#setPlace(segment.ipOffset, segment.packetLength);
		this.#place.faultStart = fault.start;
		this.#place.faultLength = fault.length;
		this.#discard(reason, flow);
	}

	/** Tells of something noticed about the packet in the segment view. */
	noticeSegment(
		notice: EngineNotice,
		flow: Flow | null,
		value = 0,
		other = 0,
	): void {
		this.#setPlace(this.segment.ipOffset, this.segment.packetLength);
		this.options.sink.notice(notice, flow, this.#place, value, other);
	}

	/** Tells of something noticed about a flow, without a packet. */
	noticeFlow(
		notice: EngineNotice,
		flow: Flow | null,
		value = 0,
		other = 0,
	): void {
		this.#setPlace(0, 0);
		this.options.sink.notice(notice, flow, this.#place, value, other);
	}

	/** Discards what the flow holds back, if anything. */
	dropHeld(flow: Flow): void {
		const slot = flow.heldSlot;
		const packet = this.held.packetAt(slot);
		if (packet === undefined) return;
		flow.heldSlot = -1;
		this.held.release(slot, false);
		this.count(ENGINE_COUNTER.packetsHeld, -1);
		this.#setPlace(this.held.offsetOf(slot), packet.packetLength);
		this.#discard(DROP["ahead-not-continued"], flow);
	}

	#setPlace(offset: number, length: number): void {
		const place = this.#place;
		place.offset = offset;
		place.length = length;
		place.faultStart = 0;
		place.faultLength = 0;
	}

	/** The one place where something is discarded. */
	#discard(reason: DropReason, flow: Flow | null): void {
		const { drops, sink } = this.options;
		drops[reason] = (drops[reason] ?? 0) + 1;
		sink.drop(reason, flow, this.#place);
	}

	/** Takes a slot and resets it to a flow that has neither sent nor received. */
	takeFlow(
		tuple: FlowTuple & { readonly family: 4 | 6 },
		nowMs: number,
	): Flow | undefined {
		const flow = this.flows.take(tuple);
		if (flow === undefined) return undefined;
		flow.family = tuple.family;
		this.outbox.prepare(flow);
		flow.lastDataMs = nowMs;
		flow.failedAttempts = 0;
		flow.failingSinceMs = 0;
		flow.heardBeforeMs = 0;
		flow.vainRenewals = 0;
		flow.pathMtuBytes = 0;
		flow.quality.reset();
		this.beginAnew(flow, nowMs);
		return flow;
	}

	/** Resets the control block: nothing was sent, nothing received. What is known of the path and the application stays. */
	beginAnew(flow: Flow, nowMs: number): void {
		flow.iss = 0;
		flow.irs = 0;
		flow.sndNxt = 0;
		flow.sndUna = 0;
		flow.rcvNxt = 0;
		flow.lastAckSent = 0;
		flow.lastAckReceived = 0;
		flow.nextIdentification = 0;
		flow.openedMs = nowMs;
		flow.lastInboundMs = nowMs;
		flow.lastAnswerMs = nowMs;
		flow.peerAskedMs = -1_000;
		flow.lastOutboundMs = nowMs;
		flow.handshakeTurns = 0;
		flow.nextTransmissionMs = nowMs;
		flow.isWindowOpen = !this.options.profile.opensConntrackWindow;
		flow.nextWindowOpenerMs = 0;
		flow.windowOpeners = 0;
		flow.peerMss = 0;
		flow.peerMssCeiling = 0;
		flow.peerLinkMtuBytes = 0;
		flow.nextControlMs = 0;
		flow.controlRepeats = 0;
		flow.isJustOpened = false;
		flow.forgetSuspicions(nowMs);
		flow.hasResetOldFlow = false;
		flow.attemptDecidedMs = nowMs;
		flow.attemptMs = nowMs;
		flow.doubtedMs = 0;
		flow.largestSegmentBytes = 0;
		flow.nextPathLookMs = nowMs;
		settle(flow);
		flow.quality.forgetArrivals();
		this.limitPayload(flow);
		const packet = this.options.handshakePacket;
		const isFirst = flow.pending === null || flow.pending.count === 0;
		if (isFirst && packet !== null && packet.length > 0)
			this.pendingOf(flow).push(packet, 0, packet.length);
	}

	/** @returns a local port that no flow to this remote end has; 0 when there is none. */
	freeLocalPort(remote: Int32Array, remotePort: number): number {
		const tuple = this.#portTuple;
		for (let word = 0; word < 4; word++) tuple.remote[word] = remote[word] ?? 0;
		tuple.remotePort = remotePort;
		return this.#ports.next((port) => {
			tuple.localPort = port;
			return this.flows.find(tuple) !== undefined;
		});
	}

	/** True for the first megabyte from the peer, while conntrack may still hold the unscaled window against it. */
	isYoung(flow: Flow): boolean {
		const received =
			this.flows.counters[
				flow.slot * FLOW_COUNTERS + FLOW_COUNTER.payloadBytesReceived
			] ?? 0;
		return received <= MIB;
	}

	/** A young flow heard something: it may need an ACK at the end of the batch. */
	noteOpening(flow: Flow): void {
		if (this.opening.at(-1) !== flow) this.opening.push(flow);
	}

	pendingOf(flow: Flow): PendingDatagrams {
		flow.pending ??= new PendingDatagrams(this.pendingBudget);
		return flow.pending;
	}

	/** Recomputes the largest user datagram from both ends' link MTU and the peer's MSS. */
	limitPayload(flow: Flow): void {
		const floor = MINIMUM_LINK_MTU_BYTES[flow.family];
		const headers = headersBytes(flow.family);
		let linkMtuBytes = this.outbox.linkMtuBytes;
		if (flow.peerLinkMtuBytes > 0)
			linkMtuBytes = Math.min(linkMtuBytes, flow.peerLinkMtuBytes);
		// A router may have clamped the MSS of one of ours to its own path: believed down to the floor.
		if (flow.peerMss > 0) {
			const isKnown = flow.peerLinkMtuBytes > 0;
			const mss = isKnown ? flow.peerMssCeiling : flow.peerMss;
			linkMtuBytes = Math.min(linkMtuBytes, Math.max(floor, mss + headers));
		}
		if (flow.pathMtuBytes > 0)
			linkMtuBytes = Math.min(linkMtuBytes, flow.pathMtuBytes);
		flow.maxPayloadBytes = linkMtuBytes - headers;
	}

	/** Frees the slot of the flow that has been quiet longest, with a reset. @returns false when all are alive. */
	evictQuietest(nowMs: number): boolean {
		const flow = this.#quietFlows.takeQuietest(nowMs);
		if (flow === undefined) return false;
		this.outbox.reset(flow, nowMs);
		this.close(flow, "evicted");
		return true;
	}

	/** Something outside ended the flow: it is opened anew where that helps, or closed. */
	end(flow: Flow, reason: FlowCloseReason, nowMs: number): void {
		if (!this.renewInstead(flow, reason, nowMs)) this.close(flow, reason);
	}

	/** A flow, or an attempt at one, is over. */
	countEnd(flow: Flow): void {
		this.dropHeld(flow);
		if (flow.state === "ESTABLISHED") this.establishedCount--;
		else this.count(ENGINE_COUNTER.handshakesFailed, 1);
		this.count(ENGINE_COUNTER.flowsClosed, 1);
	}

	/** Discards what waits to be sent on a flow, each datagram counted. */
	dropPending(flow: Flow): void {
		const lost = flow.pending?.clear() ?? 0;
		const reason =
			flow.state === "ESTABLISHED"
				? DROP["flow-closed"]
				: DROP["handshake-failed"];
		for (let datagram = 0; datagram < lost; datagram++)
			this.drop(reason, 0, 0, flow);
	}

	/** Removes the flow; waiting datagrams are counted. Whether a reset goes out is the caller's business. */
	close(flow: Flow, reason: FlowCloseReason): void {
		this.dropPending(flow);
		this.countEnd(flow);
		this.halfOpen.delete(flow);
		this.flows.release(flow);
		this.options.sink.flowClosed(flow, reason);
	}
}

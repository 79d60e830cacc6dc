// Everything the engine sends goes through here: header, payload regions, sequence numbers and counters kept in step.

import { FLOW_COUNTER, FLOW_COUNTERS, Flow } from "../flow/flow.js";
import type { FlowTable } from "../flow/flow-table.js";
import { invariant } from "../invariant.js";
import { announcedMssBytes, MAX_FRAGMENTS } from "../mtu/mtu-arithmetic.js";
import { segmentsIn, type TrainTable } from "../train/train-table.js";
import type { IpFamily } from "../wire/ip-address.js";
import type { SegmentView } from "../wire/segment-view.js";
import { sequenceAdd } from "../wire/sequence.js";
import { ACK, RST, SYN } from "../wire/tcp.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import type { EngineOptions } from "./engine-options.js";
import { FragmentWriter } from "./fragment-writer.js";
import { SegmentDraft, SegmentWriter } from "./segment-writer.js";

const SEGMENTS_SENT = ENGINE_COUNTER.segmentsSent;
const BYTES_SENT = ENGINE_COUNTER.payloadBytesSent;
const TRAINS_SENT = ENGINE_COUNTER.trainsSent;
const BARE_SENT = ENGINE_COUNTER.bareSegmentsSent;
const FRAGMENTS_SENT = ENGINE_COUNTER.fragmentsSent;
const RESETS_SENT = ENGINE_COUNTER.resetsSent;

export class Outbox {
	linkMtuBytes: number;
	readonly #options: EngineOptions;
	readonly #flows: FlowTable;
	readonly #outgoing: TrainTable;
	readonly #writer: SegmentWriter;
	readonly #fragmentWriter: FragmentWriter;
	readonly #draft = new SegmentDraft();
	/** Carries the tuple of segments that belong to no flow. */
	readonly #stray = new Flow(0);
	#stagingUsed = 0;

	constructor(options: EngineOptions, flows: FlowTable) {
		this.#options = options;
		this.#flows = flows;
		this.#outgoing = options.outgoing;
		this.linkMtuBytes = options.linkMtuBytes;
		this.#writer = new SegmentWriter({
			arena: options.arena,
			region: options.headerRegion,
			profile: options.profile,
			local: options.local,
		});
		this.#fragmentWriter = new FragmentWriter(options, this.#writer);
	}

	/**
	 * Regions of the outgoing table that belong to trains which the caller has assembled and not yet sent; those
	 * behind them are given back by `flush`.
	 */
	regionsToKeep = 0;

	/** Hands everything to the device; headers, staging and the outgoing table are free again. */
	flush(): void {
		if (this.#outgoing.count > 0) this.#options.sink.flush();
		this.#outgoing.clear();
		this.#outgoing.regions.count = Math.min(
			this.#outgoing.regions.count,
			this.regionsToKeep,
		);
		this.#writer.clear();
		this.#stagingUsed = 0;
	}

	/** Flushes unless the fragments of one more datagram fit. Call it before `stage`, as `makeRoom`. */
	makeRoomForFragments(): void {
		if (
			!this.#writer.hasRoom(MAX_FRAGMENTS) ||
			!this.#outgoing.hasRoomFor(MAX_FRAGMENTS)
		)
			this.flush();
	}

	/** Flushes unless one more segment with one region fits. Call it before `stage`, so that staged bytes stay put. */
	makeRoom(): void {
		if (!this.#writer.hasRoom() || !this.#outgoing.hasRoomFor(1)) this.flush();
	}

	/** Once per flow, after its tuple is set. */
	prepare(flow: Flow): void {
		this.#writer.prepare(flow);
	}

	syn(flow: Flow, nowMs: number): void {
		this.#draft.reset(SYN, flow.iss, 0);
		this.#addSynOptions(flow.family);
		this.#sendBare(flow, nowMs);
	}

	synAck(flow: Flow, nowMs: number): void {
		this.#draft.reset(SYN | ACK, flow.iss, flow.rcvNxt);
		this.#addSynOptions(flow.family);
		this.#sendBare(flow, nowMs);
	}

	/** A bare ACK that says where we are. */
	ack(flow: Flow, nowMs: number): void {
		this.#draft.reset(ACK, flow.sndNxt, flow.rcvNxt);
		this.#sendBare(flow, nowMs);
	}

	/** A bare ACK whose window carries a control value (wire.md 4.13). */
	control(flow: Flow, window: number, nowMs: number): void {
		this.#draft.reset(ACK, flow.sndNxt, flow.rcvNxt);
		this.#draft.window = window;
		this.#sendBare(flow, nowMs);
	}

	/**
	 * A bare ACK from behind what the peer acknowledged last: it answers with an ACK of its own (wire.md 4.8).
	 * @param behind octets behind; an answer that was lost moved stock's own mark, so a repetition reaches further back.
	 */
	ackEliciting(flow: Flow, behind: number, nowMs: number): void {
		this.#draft.reset(
			ACK,
			sequenceAdd(flow.lastAckReceived, -behind),
			flow.rcvNxt,
		);
		this.#sendBare(flow, nowMs);
	}

	/** Ends a flow the way stock does: our next sequence number, no ACK bit, acknowledgement 0. */
	reset(flow: Flow, nowMs: number): void {
		this.resetAt(flow, flow.sndNxt, nowMs);
	}

	/** A bare reset with a given sequence number. */
	resetAt(flow: Flow, seq: number, nowMs: number): void {
		this.#draft.reset(RST, seq, 0);
		this.#count(RESETS_SENT, 1);
		this.#sendBare(flow, nowMs);
	}

	/** RST|ACK to the sender of a segment of no flow. */
	strayReset(segment: SegmentView, seq: number, ack: number): void {
		this.#draft.reset(RST | ACK, seq, ack);
		this.#sendStray(segment);
		this.#count(RESETS_SENT, 1);
	}

	/** SYN|ACK to the sender of a SYN of which nothing is kept. */
	straySynAck(segment: SegmentView, seq: number, ack: number): void {
		this.#draft.reset(SYN | ACK, seq, ack);
		this.#addSynOptions(segment.family);
		this.#sendStray(segment);
	}

	/** Sends the draft back to where the segment came from. */
	#sendStray(segment: SegmentView): void {
		const stray = this.#stray;
		stray.family = segment.family;
		stray.key.set(segment.source);
		stray.remotePort = segment.sourcePort;
		stray.localPort = segment.destinationPort;
		stray.nextIdentification = 0;
		this.#writer.prepare(stray);
		this.makeRoom();
		this.#writer.write(stray, this.#draft);
		this.#outgoing.addBare(0, this.#writer.written);
		this.#count(BARE_SENT, 1);
	}

	/** Sends a whole train of user datagrams. The outgoing table shares the regions of `trains`. */
	train(flow: Flow, trains: TrainTable, train: number, nowMs: number): void {
		const totalLength = trains.totalLength[train] ?? 0;
		this.#startPayload(flow, totalLength, trains.segmentSize[train] ?? 0);
		const index = this.#outgoing.addBare(flow.slot, this.#writer.written);
		this.#outgoing.takePayload(index, trains, train);
		this.#finishPayload(flow, totalLength, nowMs);
	}

	/** Sends datagrams that lie one after another in the arena. */
	run(flow: Flow, place: RunPlace, nowMs: number): void {
		this.#startPayload(flow, place.length, place.segmentSize);
		const index = this.#outgoing.addBare(flow.slot, this.#writer.written);
		this.#outgoing.setPayload(
			index,
			this.#outgoing.regions.add(place.offset, place.length),
			place.segmentSize,
		);
		this.#finishPayload(flow, place.length, nowMs);
	}

	/**
	 * Sends one datagram that no packet of the path carries as one segment, in IP fragments. For peers known to be
	 * ours, and sizes up to `fragmentedLimitBytes`.
	 */
	fragmented(flow: Flow, offset: number, length: number, nowMs: number): void {
		// The first fragment is as large as the path takes.
		if (flow.maxPayloadBytes > flow.largestSegmentBytes)
			flow.largestSegmentBytes = flow.maxPayloadBytes;
		this.makeRoomForFragments();
		this.#draft.reset(ACK, flow.sndNxt, flow.rcvNxt);
		this.#draft.payloadBytes = length;
		this.#draft.segments = 0;
		this.#writer.write(flow, this.#draft);
		const fragments = this.#fragmentWriter.write(
			flow,
			this.#writer.written.offset,
			{ offset, length },
		);
		this.#countPayload(flow, 1, fragments, length);
		this.#count(FRAGMENTS_SENT, fragments);
		this.#finishPayload(flow, length, nowMs);
	}

	/** Copies a datagram behind the last one in the staging region. @returns its offset in the arena. */
	stage(datagram: Uint8Array): number {
		invariant(
			this.hasStagingRoom(datagram.length),
			"the staging region is flushed before it overflows",
		);
		const region = this.#options.stagingRegion;
		const offset = region.offset + this.#stagingUsed;
		this.#options.arena.set(datagram, offset);
		this.#stagingUsed += datagram.length;
		return offset;
	}

	/** True when `bytes` more fit the staging region without a flush. */
	hasStagingRoom(bytes: number): boolean {
		return this.#stagingUsed + bytes <= this.#options.stagingRegion.length;
	}

	#addSynOptions(family: IpFamily): void {
		this.#draft.hasWindowScale = true;
		if (this.#options.profile.announcesMss)
			this.#draft.mss = announcedMssBytes(this.linkMtuBytes, family);
	}

	#sendBare(flow: Flow, nowMs: number): void {
		this.makeRoom();
		this.#writer.write(flow, this.#draft);
		this.#outgoing.addBare(flow.slot, this.#writer.written);
		if ((this.#draft.controlBits & ACK) !== 0)
			flow.lastAckSent = this.#draft.ack;
		flow.lastOutboundMs = nowMs;
		this.#count(BARE_SENT, 1);
	}

	#startPayload(flow: Flow, totalLength: number, segmentSize: number): void {
		this.makeRoom();
		const segments = segmentsIn(totalLength, segmentSize);
		if (segmentSize > flow.largestSegmentBytes)
			flow.largestSegmentBytes = Math.min(segmentSize, totalLength);
		const draft = this.#draft;
		draft.reset(ACK, flow.sndNxt, flow.rcvNxt);
		draft.payloadBytes = totalLength;
		draft.segments = segments;
		this.#writer.write(flow, draft);
		this.#countPayload(flow, segments, 1, totalLength);
	}

	/** For every train: plain numbers, because an object each would be allocated. */
	#countPayload(
		flow: Flow,
		segments: number,
		trains: number,
		length: number,
	): void {
		this.#count(SEGMENTS_SENT, segments);
		this.#count(TRAINS_SENT, trains);
		this.#count(BYTES_SENT, length);
		const counters = this.#flows.counters;
		const base = flow.slot * FLOW_COUNTERS;
		counters[base + FLOW_COUNTER.segmentsSent] =
			(counters[base + FLOW_COUNTER.segmentsSent] ?? 0) + segments;
		counters[base + FLOW_COUNTER.payloadBytesSent] =
			(counters[base + FLOW_COUNTER.payloadBytesSent] ?? 0) + length;
	}

	#finishPayload(flow: Flow, totalLength: number, nowMs: number): void {
		flow.sndNxt = sequenceAdd(flow.sndNxt, totalLength);
		flow.lastAckSent = flow.rcvNxt;
		flow.lastOutboundMs = nowMs;
		flow.lastDataMs = nowMs;
		flow.quality.noteSent(flow.sndNxt, nowMs);
	}

	#count(counter: number, by: number): void {
		const counters = this.#options.counters;
		counters[counter] = (counters[counter] ?? 0) + by;
	}
}

/** Datagrams of `segmentSize` octets, the last possibly shorter, in `length` octets from `offset`. */
export interface RunPlace {
	readonly offset: number;
	readonly length: number;
	readonly segmentSize: number;
}

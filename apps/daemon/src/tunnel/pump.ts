// The pump: batches in, engine, batches out. The only code that a datagram meets on its way through this process.

import {
	DROP,
	type DropReason,
	datagramsIn,
	type Engine,
	type EngineNotice,
	type EngineSink,
	type Flow,
	type FlowCloseReason,
	MAX_SUPER_SEGMENT_BYTES,
	type PacketPlace,
	RegionTable,
	segmentsIn,
	TrainTable,
	type WireProfile,
} from "@tunscope/fake-tcp";
import type {
	DatagramBatch,
	PacketBatch,
	PacketIo,
	TunDevice,
	TunWriteOutcome,
	UdpSendOutcome,
} from "@tunscope/tun";
import type { AnomalyCollector } from "../anomaly/anomaly-collector.js";
import type { PacketCapture } from "../capture/packet-capture.js";
import { type ApplicationSide, REFUSED } from "./application-side.js";
import {
	type ArenaLayout,
	DATAGRAMS_PER_BATCH,
	OUTGOING_TRAINS,
	PACKETS_PER_BATCH,
} from "./arena-layout.js";
import { IO, type TunnelCounters } from "./tunnel-counters.js";

const REGIONS = 8_192;
const TRAINS = 4_096;
/** UDP_GRO glues at most 64 datagrams, so one message begins at most as many trains. */
const MAX_SEGMENTS_PER_MESSAGE = 64;
/** IPv6 and TCP headers. */
const LARGEST_HEADERS_BYTES = 60;
/** Messages per batch while they are large; more when many small ones wait (performance.md). */
const FEW_MESSAGES = 64;
const SMALL_MESSAGE_BYTES = 4_096;

const TUN_QUEUE_FULL = DROP["tun-queue-full"];
const TUN_DOWN = DROP["tun-down"];
const TUN_WRITE_FAILED = DROP["tun-write-failed"];
const FLOW_CLOSED = DROP["flow-closed"];
const EMPTY_DATAGRAM = DROP["empty-datagram"];
const UDP_QUEUE_FULL = DROP["udp-queue-full"];
const UDP_TOO_BIG = DROP["udp-too-big"];
const UDP_SEND_FAILED = DROP["udp-send-failed"];

export interface PumpEvents {
	flowOpened(flow: Flow): void;
	flowClosed(flow: Flow, reason: FlowCloseReason): void;
	/** A datagram towards this flow's UDP target was refused. */
	targetRefused(slot: number): void;
	tunGone(): void;
}

export interface PumpOptions {
	readonly io: PacketIo;
	readonly layout: ArenaLayout;
	readonly profile: WireProfile;
	readonly maxFlows: number;
	readonly counters: TunnelCounters;
	readonly anomalies: AnomalyCollector;
	readonly events: PumpEvents;
	/** Null: nothing is captured. */
	readonly capture: PacketCapture | null;
}

export class Pump implements EngineSink {
	/** The engine's outgoing table; its regions are those of the datagrams being sent. */
	readonly outgoing: TrainTable;
	readonly #options: PumpOptions;
	readonly #uplink: TrainTable;
	readonly #deliveries: TrainTable;
	readonly #packets: PacketBatch;
	readonly #datagrams: DatagramBatch;
	readonly #capture: PacketCapture | null;
	/** Flows that opened in this batch and have no socket yet. */
	readonly #opened: Flow[] = [];
	#datagramLimit = FEW_MESSAGES;
	#tun: TunDevice | null = null;
	#engine: Engine | null = null;
	#application: ApplicationSide | null = null;

	constructor(options: PumpOptions) {
		this.#options = options;
		this.#capture = options.capture;
		const { io, layout, maxFlows, profile } = options;
		const uplinkRegions = new RegionTable(REGIONS);
		const trains = {
			ownerCount: maxFlows,
			maxTrainBytes: MAX_SUPER_SEGMENT_BYTES - LARGEST_HEADERS_BYTES,
		};
		const { maxSegmentsPerTrain } = profile;
		this.#uplink = new TrainTable({
			...trains,
			regions: uplinkRegions,
			capacity: TRAINS,
			maxSegmentsPerTrain,
		});
		this.outgoing = new TrainTable({
			...trains,
			regions: uplinkRegions,
			capacity: OUTGOING_TRAINS,
			maxSegmentsPerTrain,
		});
		this.#deliveries = new TrainTable({
			...trains,
			regions: new RegionTable(REGIONS),
			capacity: TRAINS,
			maxSegmentsPerTrain: REGIONS / 16,
		});
		const { arena, packets, datagrams } = layout;
		this.#packets = io.createPacketBatch(
			arena,
			packets.offset,
			packets.length,
			PACKETS_PER_BATCH,
		);
		this.#datagrams = io.createDatagramBatch(
			arena,
			datagrams.offset,
			DATAGRAMS_PER_BATCH,
		);
	}

	/** Joins the parts that need the pump to exist first. */
	attach(engine: Engine, application: ApplicationSide): void {
		this.#engine = engine;
		this.#application = application;
	}

	/** The device to read from and write to; null while there is none. */
	setTun(tun: TunDevice | null): void {
		this.#tun = tun;
	}

	/** One batch from the TUN, `limit` packets at most. @returns how many packets it held. */
	readTun(nowMs: number, limit = PACKETS_PER_BATCH): number {
		const { counters } = this.#options;
		if (this.#tun === null || this.#engine === null) return 0;
		const count = this.#tun.readBatch(this.#packets, limit);
		if (count < 0) {
			this.#options.events.tunGone();
			return 0;
		}
		if (count === 0) return 0;
		counters.add(IO.tunReads, count);
		this.#options.anomalies.at(nowMs);
		this.#capture?.beginBatch(this.#packets);
		this.#engine.receive(this.#packets, nowMs);
		this.#engine.flush();
		this.#capture?.endBatch();
		this.#flushDeliveries();
		return count;
	}

	/** One batch from the sockets named by `tokens`. @returns how many messages it held. */
	readDatagrams(tokens: Int32Array, tokenCount: number, nowMs: number): number {
		const { io, counters } = this.#options;
		const engine = this.#engine;
		const application = this.#application;
		if (engine === null || application === null) return 0;
		const batch = this.#datagrams;
		const count = io.receiveDatagrams(
			tokens,
			tokenCount,
			batch,
			this.#datagramLimit,
		);
		for (let error = 0; error < batch.errorCount; error++) {
			application.socketFailed(
				batch.errorToken[error] ?? -1,
				batch.errorNumber[error] ?? 0,
			);
		}
		if (count === 0) return 0;
		counters.add(IO.udpMessagesReceived, count);
		this.#options.anomalies.at(nowMs);
		let largest = 0;
		let datagrams = 0;
		for (let message = 0; message < count; message++) {
			const length = batch.length[message] ?? 0;
			const size = batch.segmentSize[message] ?? 0;
			if (length > largest) largest = length;
			datagrams += segmentsIn(length, size);
			this.#sortIn(batch, message, nowMs);
		}
		counters.add(IO.udpDatagramsReceived, datagrams);
		this.#sendUplink(nowMs);
		this.#adaptLimit(count, largest);
		return count;
	}

	/** Timers of the engine, and whatever they send. */
	expire(nowMs: number): void {
		this.#options.anomalies.at(nowMs);
		this.#capture?.tick();
		this.#engine?.expire(nowMs);
		this.#engine?.flush();
	}

	// EngineSink

	flush(): void {
		if (this.#tun === null) {
			this.#countLost(TUN_DOWN);
			this.#capture?.written(this.outgoing, TUN_DOWN);
			return;
		}
		this.#options.counters.add(IO.tunWrites, this.outgoing.count);
		const outcome = this.#tun.writeTrains(this.outgoing);
		this.#countWrites(outcome);
		this.#capture?.written(this.outgoing, reasonIfAllLost(outcome));
	}

	deliver(
		flow: Flow,
		offset: number,
		length: number,
		segmentSize: number,
	): void {
		if (!this.#deliveries.hasRoomFor(MAX_SEGMENTS_PER_MESSAGE))
			this.#flushDeliveries();
		this.#deliveries.append(flow.slot, offset, length, segmentSize);
	}

	releaseDelivered(): void {
		this.#flushDeliveries();
	}

	/** Counted by the engine already. */
	drop(reason: DropReason, flow: Flow | null, place: PacketPlace): void {
		this.#options.anomalies.drop(reason, flow, place);
		this.#capture?.dropped(reason, place);
	}

	notice(
		notice: EngineNotice,
		flow: Flow | null,
		place: PacketPlace,
		value: number,
		other: number,
	): void {
		this.#options.anomalies.notice(notice, flow, place, value, other);
		this.#capture?.noticed(notice, place);
	}

	/** An ICMP error that is believed comes as a notice too, which says more. */
	evidence(): void {}

	flowOpened(flow: Flow): void {
		// The socket can wait until the engine's answers are out: a peer's first burst depends on them.
		this.#opened.push(flow);
	}

	flowRenewed(flow: Flow, reason: FlowCloseReason): void {
		this.#flushDeliveries();
		this.#application?.flowRenewed(flow, reason);
		this.#options.events.flowClosed(flow, reason);
	}

	flowClosed(flow: Flow, reason: FlowCloseReason): void {
		// What is on its way to the application must leave before the slot's socket goes.
		this.#flushDeliveries();
		this.#application?.flowClosed(flow, reason);
		this.#options.events.flowClosed(flow, reason);
	}

	#sortIn(batch: DatagramBatch, message: number, nowMs: number): void {
		const length = batch.length[message] ?? 0;
		if (length === 0) return this.#sortInEmpty(batch, message, nowMs);
		const owner = this.#application?.ownerOf(batch, message, nowMs) ?? REFUSED;
		if (owner === REFUSED) return;
		if (!this.#uplink.hasRoomFor(MAX_SEGMENTS_PER_MESSAGE))
			this.#sendUplink(nowMs);
		const offset = batch.offset[message] ?? 0;
		const segmentSize = batch.segmentSize[message] ?? length;
		this.#uplink.append(owner, offset, length, segmentSize);
	}

	/** Nothing to carry: counted, and where the profile says so the flow's peer gets a bare ACK. */
	#sortInEmpty(batch: DatagramBatch, message: number, nowMs: number): void {
		const { counters, profile } = this.#options;
		counters.drop(EMPTY_DATAGRAM, 1);
		if (!profile.sendsEmptyDatagramAsAck) return;
		const owner = this.#application?.ownerOf(batch, message, nowMs) ?? REFUSED;
		const flow = this.#engine?.flowAt(owner);
		if (flow !== undefined) this.#engine?.sendEmpty(flow, nowMs);
	}

	#sendUplink(nowMs: number): void {
		const engine = this.#engine;
		if (engine === null) return;
		const uplink = this.#uplink;
		for (let train = 0; train < uplink.count; train++) {
			const flow = engine.flowAt(uplink.owner[train] ?? -1);
			if (flow === undefined)
				this.#options.counters.drop(FLOW_CLOSED, datagramsIn(uplink, train));
			else engine.send(flow, uplink, train, nowMs);
		}
		engine.flush();
		uplink.clear();
		uplink.regions.clear();
	}

	/** Gives the flows that have opened their sockets, before anything is delivered to them. */
	#welcomeOpened(): void {
		for (const flow of this.#opened) {
			this.#application?.flowOpened(flow);
			this.#options.events.flowOpened(flow);
		}
		this.#opened.length = 0;
	}

	#flushDeliveries(): void {
		if (this.#opened.length > 0) this.#welcomeOpened();
		const deliveries = this.#deliveries;
		if (deliveries.count === 0 || this.#application === null) return;
		const { io } = this.#options;
		const outcome = io.sendTrains(
			deliveries,
			this.#application.ownerSocket,
			this.#application.endpoints,
		);
		this.#countSends(outcome);
		deliveries.clear();
		deliveries.regions.clear();
	}

	#countSends(outcome: UdpSendOutcome): void {
		const { counters, events } = this.#options;
		counters.add(IO.udpMessagesSent, this.#deliveries.count);
		counters.add(IO.udpDatagramsSent, outcome.datagramsSent);
		counters.drop(UDP_QUEUE_FULL, outcome.datagramsDroppedQueueFull);
		counters.drop(UDP_TOO_BIG, outcome.datagramsDroppedTooBig);
		counters.drop(UDP_SEND_FAILED, outcome.datagramsDroppedOther);
		if (outcome.refusals === 0) return;
		counters.add(IO.udpRefusals, outcome.refusals);
		if (outcome.lastRefusedOwner >= 0)
			events.targetRefused(outcome.lastRefusedOwner);
	}

	#countWrites(outcome: TunWriteOutcome): void {
		const { counters, events } = this.#options;
		counters.drop(TUN_QUEUE_FULL, outcome.segmentsDroppedQueueFull);
		counters.drop(TUN_DOWN, outcome.segmentsDroppedDeviceDown);
		counters.drop(TUN_WRITE_FAILED, outcome.segmentsDroppedOther);
		if (outcome.isGone) events.tunGone();
	}

	/** Everything that is outgoing, in segments, as the device would have counted it. */
	#countLost(reason: DropReason): void {
		const { outgoing } = this;
		for (let train = 0; train < outgoing.count; train++)
			this.#options.counters.drop(reason, datagramsIn(outgoing, train));
	}

	/** Many small messages: larger batches, so that each flow's share of a batch is still a train. */
	#adaptLimit(count: number, largest: number): void {
		if (largest > SMALL_MESSAGE_BYTES) this.#datagramLimit = FEW_MESSAGES;
		else if (count === this.#datagramLimit) {
			this.#datagramLimit = Math.min(
				DATAGRAMS_PER_BATCH,
				this.#datagramLimit * 2,
			);
		}
	}
}

/** Why the device took nothing at all; null when it took something: which, it does not say. */
function reasonIfAllLost(outcome: TunWriteOutcome): DropReason | null {
	if (outcome.segmentsWritten > 0) return null;
	if (outcome.segmentsDroppedDeviceDown > 0) return TUN_DOWN;
	return outcome.segmentsDroppedQueueFull > 0
		? TUN_QUEUE_FULL
		: TUN_WRITE_FAILED;
}

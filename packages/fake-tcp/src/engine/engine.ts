// The fake-TCP engine: packets in, datagrams out, and the reverse. Pure: time comes in as an argument, everything else goes out through the sink.

import { FLOW_COUNTER, FLOW_COUNTERS, type Flow } from "../flow/flow.js";
import { doubt } from "../flow/liveness.js";
import { SOURCE_PORTS } from "../flow/source-ports.js";
import type { TrainTable } from "../train/train-table.js";
import { DROP } from "../wire/drop-reason.js";
import type { IpAddress } from "../wire/ip-address.js";
import { ACCEPT, FRAGMENT, ICMP_ERROR } from "../wire/segment-view.js";
import { acknowledgeOpenings } from "./acknowledge-openings.js";
import { EngineCore } from "./engine-core.js";
import { ENGINE_COUNTER } from "./engine-counters.js";
import type { EngineOptions } from "./engine-options.js";
import { Established } from "./established.js";
import { FragmentIntake } from "./fragment-intake.js";
import { Handshake } from "./handshake.js";
import { IcmpEvidence } from "./icmp-evidence.js";
import { moveFlow } from "./move-flow.js";
import { OpenFlow } from "./open-flow.js";
import { type ReceivedPackets, VERDICT } from "./received-packets.js";
import { renewInstead } from "./renew-flow.js";
import { StraySegments } from "./stray-segments.js";
import { SynCookieServer } from "./syn-cookie-server.js";
import { tendFlow } from "./tend-flow.js";
import { sendTrain } from "./uplink.js";

/** Why `open` gave no flow. */
export type OpenRefusal = "no-flow-slot" | "no-free-port";

const PACKETS_RECEIVED = ENGINE_COUNTER.packetsReceived;
/** A flow that is used more seldom is asked when it is used. */
const DOUBTED_USE_MS = 60_000;

export class Engine {
	readonly #core: EngineCore;
	readonly #handshake: Handshake;
	readonly #icmpEvidence: IcmpEvidence;
	readonly #established: Established;
	readonly #fragments: FragmentIntake;
	readonly #openFlow: OpenFlow;
	readonly #cookies: SynCookieServer;
	readonly #strays: StraySegments;
	readonly #localWords: Readonly<Record<4 | 6, Int32Array>>;

	constructor(options: EngineOptions) {
		this.#core = new EngineCore(options);
		this.#cookies = new SynCookieServer(this.#core);
		this.#handshake = new Handshake(this.#core, this.#cookies);
		this.#established = new Established(this.#core);
		this.#openFlow = new OpenFlow(this.#core, this.#established, this.#cookies);
		this.#fragments = new FragmentIntake(this.#core);
		this.#icmpEvidence = new IcmpEvidence(this.#core);
		this.#strays = new StraySegments(
			this.#core,
			this.#handshake,
			this.#cookies,
		);
		this.#core.renewInstead = (flow, reason, nowMs) =>
			renewInstead(this.#core, this.#handshake, flow, reason, nowMs);
		this.#localWords = {
			4: Int32Array.from(options.local[4].words),
			6: Int32Array.from(options.local[6].words),
		};
	}

	get establishedCount(): number {
		return this.#core.establishedCount;
	}

	/** Flows whose handshake is under way. */
	get halfOpenCount(): number {
		return this.#core.flows.size - this.#core.establishedCount;
	}

	get pendingBytes(): number {
		return this.#core.pendingBudget.usedBytes;
	}

	/** IP fragments that wait for the rest: packets received whose fate is open. */
	get heldFragments(): number {
		return this.#fragments.heldPieces;
	}

	/** Memory they take, octets. */
	get heldFragmentBytes(): number {
		return this.#fragments.heldBytes;
	}

	/** When any flow last heard from its peer; -1 before the first time. */
	get lastInboundMs(): number {
		return this.#core.lastInboundMs;
	}

	get linkMtuBytes(): number {
		return this.#core.outbox.linkMtuBytes;
	}

	/** Live flows; valid until the next call of the engine. */
	get flows(): readonly Flow[] {
		return this.#core.flows.live;
	}

	/** The live flow in a slot. */
	flowAt(slot: number): Flow | undefined {
		return this.#core.flows.at(slot);
	}

	/** One of `FLOW_COUNTER` of a flow. */
	flowCounter(flow: Flow, counter: keyof typeof FLOW_COUNTER): number {
		return (
			this.#core.flows.counters[
				flow.slot * FLOW_COUNTERS + FLOW_COUNTER[counter]
			] ?? 0
		);
	}

	/** Takes a batch of packets from the TUN. Nothing in them can make this throw. */
	receive(packets: ReceivedPackets, nowMs: number): void {
		this.#core.outbox.regionsToKeep = 0;
		this.#fragments.beginBatch();
		this.#core.held.beginBatch();
		for (let packet = 0; packet < packets.count; packet++) {
			this.#receiveOne(packets, packet, nowMs);
		}
		acknowledgeOpenings(this.#core, nowMs);
		this.#core.count(PACKETS_RECEIVED, packets.count);
	}

	/**
	 * Client: begins a flow towards a server. Its SYN leaves with the next flush. In a full table the flow that has been
	 * quiet longest is closed for it ("evicted"); its slot may be the new one's.
	 */
	open(
		remote: IpAddress,
		remotePort: number,
		nowMs: number,
	): Flow | OpenRefusal {
		const core = this.#core;
		// What the caller has assembled for other flows outlives a flush in the middle of this.
		core.outbox.regionsToKeep = core.options.outgoing.regions.count;
		// More flows than source ports cannot be told apart; looking for a free one would walk them all in vain.
		const arePortsUsed = core.flows.size >= SOURCE_PORTS;
		const isFull = arePortsUsed || core.flows.size >= core.options.maxFlows;
		if (isFull && !core.evictQuietest(nowMs))
			return arePortsUsed ? "no-free-port" : "no-flow-slot";
		const words = Int32Array.from(remote.words);
		const localPort = core.freeLocalPort(words, remotePort);
		if (localPort === 0) return "no-free-port";
		const flow = core.takeFlow(
			{ family: remote.family, remote: words, remotePort, localPort },
			nowMs,
		);
		if (flow === undefined) return "no-flow-slot";
		this.#handshake.beginClient(flow, nowMs);
		return flow;
	}

	/**
	 * Sends one train of user datagrams on a flow: now, or when its handshake is through. The table must share its
	 * regions with the outgoing table, and keep them until the next flush.
	 */
	send(flow: Flow, trains: TrainTable, train: number, nowMs: number): void {
		sendTrain(this.#core, flow, trains, train, nowMs);
	}

	/**
	 * The application has something for the flow in this slot, which may be sent later: until then the slot must not go
	 * to another. Call it before the next `open`.
	 */
	noteWanted(slot: number, nowMs: number): void {
		this.#core.flows.wantedMs[slot] = nowMs;
	}

	/** An empty user datagram cannot be carried; with stock's habit the peer gets a bare ACK instead. */
	sendEmpty(flow: Flow, nowMs: number): void {
		const core = this.#core;
		if (flow.state !== "ESTABLISHED") return;
		if (core.options.profile.sendsEmptyDatagramAsAck)
			core.outbox.ack(flow, nowMs);
	}

	/** Timers: retransmissions, delayed ACKs, control repeats, idle flows. Call it every 100 ms or so. */
	expire(nowMs: number): void {
		const core = this.#core;
		core.outbox.regionsToKeep = 0;
		this.#fragments.expire(nowMs);
		this.#cookies.expire(nowMs);
		const { live } = core.flows;
		// Backwards, because closing a flow moves the last one into its place.
		for (let index = live.length - 1; index >= 0; index--) {
			const flow = live[index];
			if (flow !== undefined) tendFlow(core, this.#handshake, flow, nowMs);
		}
	}

	/** The link towards the peers has another MTU now; peers like us are told. */
	setLinkMtu(linkMtuBytes: number, nowMs: number): void {
		const core = this.#core;
		if (linkMtuBytes === core.outbox.linkMtuBytes) return;
		core.outbox.linkMtuBytes = linkMtuBytes;
		for (const flow of core.flows.live) {
			core.limitPayload(flow);
			flow.nextControlMs = nowMs;
		}
	}

	/**
	 * Client: ends a flow and begins one in its place, with another local port. What waits for a handshake waits on.
	 * The slot is another or the same; the sink hears `flowClosed` first.
	 */
	move(
		flow: Flow,
		remote: IpAddress,
		remotePort: number,
		nowMs: number,
	): Flow | OpenRefusal {
		return moveFlow(
			this.#core,
			flow,
			() => this.close(flow, "moved", nowMs),
			() => this.open(remote, remotePort, nowMs),
		);
	}

	/**
	 * Something says that peers may be gone (the machine had slept): flows that carried something lately are asked, and
	 * given up within three seconds when they do not answer.
	 */
	doubtPeers(nowMs: number): void {
		for (const flow of this.#core.flows.live) {
			const isUsed = nowMs - flow.lastDataMs < DOUBTED_USE_MS;
			if (isUsed && flow.state === "ESTABLISHED") doubt(flow, nowMs);
		}
	}

	/** Ends one flow with a reset. */
	close(
		flow: Flow,
		reason: "idle" | "moved" | "rotated" | "tunnel-stopping",
		nowMs: number,
	): void {
		this.#core.outbox.reset(flow, nowMs);
		this.#core.close(flow, reason);
	}

	/** Ends every flow with a reset, as stock does when it is dropped. */
	stop(nowMs: number): void {
		const { live } = this.#core.flows;
		this.#core.outbox.regionsToKeep = 0;
		for (let flow = live.at(-1); flow !== undefined; flow = live.at(-1))
			this.close(flow, "tunnel-stopping", nowMs);
		this.#fragments.clear();
		this.flush();
	}

	/** Hands everything that is ready to the device. Call it after each batch. */
	flush(): void {
		this.#core.outbox.flush();
	}

	#receiveOne(packets: ReceivedPackets, packet: number, nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		const offset = packets.offset[packet] ?? 0;
		const length = packets.length[packet] ?? 0;
		const verdict = packets.verdict[packet];
		if (verdict === VERDICT.badVirtioHeader)
			return core.drop(DROP["bad-virtio-header"], offset, length);
		const bound = segment.bind(offset, length);
		if (bound === FRAGMENT) {
			if (!this.#isForUs()) core.dropSegment(DROP["wrong-destination"]);
			else if (this.#fragments.completes(offset, length, nowMs)) {
				core.cameInFragments = true;
				this.#receiveSegment(segment.payloadLength, nowMs);
				core.cameInFragments = false;
			}
			return;
		}
		const isIcmp = bound === ICMP_ERROR;
		if (bound !== ACCEPT && !isIcmp)
			return core.dropUnbound(bound, offset, length);
		if (!this.#isForUs()) return core.dropSegment(DROP["wrong-destination"]);
		if (isIcmp) return this.#icmpEvidence.receive(nowMs);
		const isDamaged =
			verdict === VERDICT.checksumBad ||
			(verdict === VERDICT.checksumUnknown && !segment.verifyTcpChecksum());
		if (isDamaged) return core.dropSegment(DROP["bad-tcp-checksum"]);
		const gsoSize = packets.segmentSize[packet] ?? 0;
		const segmentSize =
			gsoSize === 0
				? segment.payloadLength
				: Math.min(gsoSize, segment.payloadLength);
		this.#receiveSegment(segmentSize, nowMs);
	}

	#isForUs(): boolean {
		const { segment } = this.#core;
		const local = this.#localWords[segment.family];
		const { destination } = segment;
		return (
			destination[3] === local[3] &&
			destination[2] === local[2] &&
			destination[1] === local[1] &&
			destination[0] === local[0]
		);
	}

	readonly #tuple = {
		remote: new Int32Array(4),
		remotePort: 0,
		localPort: 0,
		family: 4 as 4 | 6,
	};

	#receiveSegment(segmentSize: number, nowMs: number): void {
		const core = this.#core;
		const { segment } = core;
		const tuple = this.#tuple;
		tuple.remote.set(segment.source);
		tuple.remotePort = segment.sourcePort;
		tuple.localPort = segment.destinationPort;
		tuple.family = segment.family;
		const flow = core.flows.find(tuple);
		if (flow === undefined) return this.#receiveStray(segmentSize, nowMs);
		if (flow.state === "ESTABLISHED") {
			if (!this.#openFlow.receive(flow, segmentSize, nowMs))
				this.#receiveStray(segmentSize, nowMs);
			return;
		}
		if (flow.state === "SYN-SENT")
			return this.#handshake.receiveInSynSent(flow, nowMs);
		if (!this.#handshake.receiveInSynReceived(flow, nowMs)) return;
		this.#receiveFinalAckPayload(flow, segmentSize, nowMs);
	}

	#receiveFinalAckPayload(
		flow: Flow,
		segmentSize: number,
		nowMs: number,
	): void {
		const core = this.#core;
		if (core.segment.payloadLength === 0)
			return core.count(ENGINE_COUNTER.packetsConsumed, 1);
		if (!core.options.profile.deliversHandshakePayload)
			return core.dropSegment(DROP["handshake-payload"], flow);
		this.#established.deliver(flow, segmentSize, nowMs);
	}

	#receiveStray(segmentSize: number, nowMs: number): void {
		const opened = this.#strays.receive(nowMs);
		if (opened !== null)
			this.#receiveFinalAckPayload(opened, segmentSize, nowMs);
	}
}

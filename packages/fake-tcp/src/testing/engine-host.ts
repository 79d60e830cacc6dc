// An engine with everything it needs around it, and nothing of the outside world: records what leaves, takes what arrives.

import { Engine, type OpenRefusal } from "../engine/engine.js";
import {
	ENGINE_COUNTER,
	ENGINE_COUNTER_COUNT,
	type EngineCounterName,
} from "../engine/engine-counters.js";
import {
	ENGINE_NOTICES,
	type EngineNotice,
	type EngineNoticeName,
} from "../engine/engine-notice.js";
import type { EngineSink, PacketPlace } from "../engine/engine-sink.js";
import { VERDICT } from "../engine/received-packets.js";
import type { FlowCloseReason } from "../flow/close-reason.js";
import type { Flow } from "../flow/flow.js";
import { WIRE_PROFILES, type WireProfileName } from "../flow/wire-profile.js";
import {
	REASSEMBLY_LIMITS,
	type ReassemblyLimits,
} from "../fragment/reassembly-limits.js";
import { reassemblyRegionBytes } from "../fragment/reassembly-memory.js";
import { MAX_SUPER_SEGMENT_BYTES } from "../mtu/mtu-arithmetic.js";
import { RegionTable, TrainTable } from "../train/train-table.js";
import { checksumAdd, checksumFinish } from "../wire/checksum.js";
import {
	DROP_REASON_COUNT,
	type DropReason,
	type DropReasonName,
	dropReasonName,
} from "../wire/drop-reason.js";
import { type IpAddress, parseIpAddress } from "../wire/ip-address.js";

const HEADERS = { offset: 0, length: 72 * 256 };
const STAGING = { offset: 32 * 1024, length: 128 * 1024 };
const UPLINK = { offset: 256 * 1024, length: 1024 * 1024 };
const PACKETS = { offset: 1_536 * 1024, length: 256 * 1024 };
/** Small, so that thousands of hosts can be made, and evict soon. */
const REASSEMBLY: ReassemblyLimits = {
	...REASSEMBLY_LIMITS,
	highWatermarkBytes: 512 * 1024,
	lowWatermarkBytes: 384 * 1024,
	maxDatagrams: 256,
};
const HELD = { offset: 2 * 1024 * 1024, length: 4 * 64 * 1024 };
const REASSEMBLY_OFFSET = HELD.offset + HELD.length;

/** A packet as it left the engine: one IP packet, perhaps a super-segment. The TCP checksum is finished. */
export interface WirePacket {
	readonly bytes: Uint8Array;
	/** Payload octets per segment, 0 when it is a single segment. */
	readonly segmentSize: number;
}

export interface DiscardedPacket {
	readonly reason: DropReasonName;
	readonly slot: number | null;
	readonly faultStart: number;
	readonly fault: Uint8Array;
}

export interface NoticeTaken {
	readonly name: EngineNoticeName;
	readonly slot: number | null;
	readonly value: number;
	readonly other: number;
}

export interface EngineHostOptions {
	readonly role: "client" | "server";
	readonly profile?: WireProfileName;
	readonly maxFlows?: number;
	readonly idleTimeoutMs?: number;
	readonly linkMtuBytes?: number;
	readonly oversize?: "drop" | "fragment";
	readonly handshakePacket?: Uint8Array;
	readonly seed?: number;
	readonly reassembly?: ReassemblyLimits;
}

export const CLIENT_ADDRESS = "192.168.200.2";
export const SERVER_ADDRESS = "192.168.201.2";
export const CLIENT_ADDRESS6 = "fcc8::2";
export const SERVER_ADDRESS6 = "fcc9::2";
export const SERVER_PORT = 4_567;

function address(literal: string): IpAddress {
	const parsed = parseIpAddress(literal);
	if (parsed === null) throw new Error(`not an address: ${literal}`);
	return parsed;
}

export class EngineHost implements EngineSink {
	readonly arena: Uint8Array;
	readonly engine: Engine;
	readonly counters = new Float64Array(ENGINE_COUNTER_COUNT);
	readonly drops = new Float64Array(DROP_REASON_COUNT);
	/** Packets that left since the last `takeSent`. */
	sent: WirePacket[] = [];
	/** Datagrams delivered since the last `takeDelivered`. */
	delivered: { readonly slot: number; readonly bytes: Uint8Array }[] = [];
	readonly opened: Flow[] = [];
	readonly closed: {
		readonly slot: number;
		readonly reason: FlowCloseReason;
	}[] = [];
	/** What flows were before they began anew in their slots. */
	readonly renewed: {
		readonly slot: number;
		readonly localPort: number;
		readonly reason: FlowCloseReason;
	}[] = [];
	evidenceCount = 0;
	/** How often the engine took its memory of delivered datagrams back within a batch. */
	releases = 0;
	/** What was discarded, in order, with the octets at fault. */
	readonly discarded: DiscardedPacket[] = [];
	readonly notices: NoticeTaken[] = [];
	readonly #outgoing: TrainTable;
	readonly #uplink: TrainTable;
	#assembledBytes = 0;

	constructor(options: EngineHostOptions) {
		const profile = WIRE_PROFILES[options.profile ?? "default"];
		const reassemblyLimits = options.reassembly ?? REASSEMBLY;
		const reassemblyRegion = {
			offset: REASSEMBLY_OFFSET,
			length: reassemblyRegionBytes(reassemblyLimits),
		};
		this.arena = new Uint8Array(REASSEMBLY_OFFSET + reassemblyRegion.length);
		const regions = new RegionTable(2_048);
		const maxFlows = options.maxFlows ?? 64;
		const trains = {
			regions,
			ownerCount: maxFlows,
			maxTrainBytes: MAX_SUPER_SEGMENT_BYTES - 60,
			maxSegmentsPerTrain: profile.maxSegmentsPerTrain,
		};
		this.#outgoing = new TrainTable({ ...trains, capacity: 256 });
		this.#uplink = new TrainTable({ ...trains, capacity: 1_024 });
		const isClient = options.role === "client";
		const seed = options.seed ?? 1;
		this.engine = new Engine({
			role: options.role,
			profile,
			sink: this,
			arena: this.arena,
			headerRegion: HEADERS,
			stagingRegion: STAGING,
			reassemblyRegion,
			reassemblyLimits,
			heldRegion: HELD,
			outgoing: this.#outgoing,
			local: {
				4: address(isClient ? CLIENT_ADDRESS : SERVER_ADDRESS),
				6: address(isClient ? CLIENT_ADDRESS6 : SERVER_ADDRESS6),
			},
			listenPort: SERVER_PORT,
			maxFlows,
			idleTimeoutMs: options.idleTimeoutMs ?? 180_000,
			linkMtuBytes: options.linkMtuBytes ?? 1_500,
			oversize: options.oversize ?? "drop",
			handshakePacket: options.handshakePacket ?? null,
			counters: this.counters,
			drops: this.drops,
			seed: {
				hash: { k0: seed, k1: ~seed },
				iss: { k0: seed * 3, k1: seed * 5 },
				port: seed,
			},
		});
	}

	/** Client: begins a flow towards the server of the other host. */
	open(nowMs: number, family: 4 | 6 = 4): Flow {
		const flow = this.tryOpen(nowMs, family);
		if (typeof flow === "string") throw new Error(`no flow: ${flow}`);
		return flow;
	}

	/** Client: the same, where a refusal is an answer. */
	tryOpen(nowMs: number, family: 4 | 6 = 4): Flow | OpenRefusal {
		const server = address(family === 4 ? SERVER_ADDRESS : SERVER_ADDRESS6);
		const flow = this.engine.open(server, SERVER_PORT, nowMs);
		this.engine.flush();
		return flow;
	}

	/** Sends user datagrams on a flow as one batch. */
	send(flow: Flow, datagrams: readonly Uint8Array[], nowMs: number): void {
		this.assemble(flow, datagrams);
		this.sendAssembled(flow, nowMs);
	}

	/** Lays user datagrams out in trains, as the pump does while it looks at the rest of its batch. */
	assemble(flow: Flow, datagrams: readonly Uint8Array[]): void {
		let at = UPLINK.offset + this.#assembledBytes;
		for (const datagram of datagrams) {
			this.arena.set(datagram, at);
			this.#uplink.append(flow.slot, at, datagram.length, datagram.length);
			at += datagram.length;
		}
		this.#assembledBytes = at - UPLINK.offset;
	}

	/** Sends what was assembled for the flow. */
	sendAssembled(flow: Flow, nowMs: number): void {
		for (let train = 0; train < this.#uplink.count; train++)
			this.engine.send(flow, this.#uplink, train, nowMs);
		this.engine.flush();
		this.#uplink.clear();
		this.#uplink.regions.clear();
		this.#assembledBytes = 0;
	}

	/** Takes one packet from the wire. */
	receive(
		packet: WirePacket,
		nowMs: number,
		verdict: number = VERDICT.checksumUnknown,
	): void {
		this.receiveBatch([packet], nowMs, verdict);
	}

	/** Takes packets from the wire as one batch. */
	receiveBatch(
		packets: readonly WirePacket[],
		nowMs: number,
		verdict: number = VERDICT.checksumUnknown,
	): void {
		const offset = new Int32Array(packets.length);
		let at = PACKETS.offset;
		for (const [index, { bytes }] of packets.entries()) {
			this.arena.set(bytes, at);
			offset[index] = at;
			at += bytes.length;
		}
		this.engine.receive(
			{
				count: packets.length,
				offset,
				length: Int32Array.from(packets, ({ bytes }) => bytes.length),
				segmentSize: Int32Array.from(packets, (packet) => packet.segmentSize),
				// A super-segment's checksum is the kernel's affair.
				verdict: Uint8Array.from(packets, ({ segmentSize }) =>
					segmentSize > 0 ? VERDICT.checksumGood : verdict,
				),
			},
			nowMs,
		);
		this.engine.flush();
	}

	takeSent(): WirePacket[] {
		const { sent } = this;
		this.sent = [];
		return sent;
	}

	takeDelivered(): Uint8Array[] {
		const { delivered } = this;
		this.delivered = [];
		return delivered.map(({ bytes }) => bytes);
	}

	counter(name: EngineCounterName): number {
		return this.counters[ENGINE_COUNTER[name]] ?? 0;
	}

	/** Reasons that were counted, with their numbers. */
	dropsByName(): Record<string, number> {
		const entries = [...this.drops.entries()].filter(([, count]) => count > 0);
		return Object.fromEntries(
			entries.map(([reason, count]) => [dropReasonName(reason), count]),
		);
	}

	// EngineSink

	flush(): void {
		const { regions } = this.#outgoing;
		for (let train = 0; train < this.#outgoing.count; train++) {
			const parts = [
				this.#slice(
					this.#outgoing.headerOffset[train] ?? 0,
					this.#outgoing.headerLength[train] ?? 0,
				),
			];
			for (
				let at = this.#outgoing.firstRegion[train] ?? -1;
				at >= 0;
				at = regions.next[at] ?? -1
			) {
				parts.push(
					this.#slice(regions.offset[at] ?? 0, regions.length[at] ?? 0),
				);
			}
			const totalLength = this.#outgoing.totalLength[train] ?? 0;
			const size = this.#outgoing.segmentSize[train] ?? 0;
			const bytes = concatenate(parts);
			// An IP fragment goes as it stands.
			const isFragment = totalLength > 0 && size === 0;
			this.sent.push({
				bytes: isFragment ? bytes : finishChecksum(bytes),
				segmentSize: totalLength > size ? size : 0,
			});
		}
	}

	deliver(
		flow: Flow,
		offset: number,
		length: number,
		segmentSize: number,
	): void {
		for (let at = 0; at < length; at += segmentSize) {
			const bytes = this.#slice(
				offset + at,
				Math.min(segmentSize, length - at),
			);
			this.delivered.push({ slot: flow.slot, bytes });
		}
	}

	releaseDelivered(): void {
		this.releases++;
	}

	drop(reason: DropReason, flow: Flow | null, place: PacketPlace): void {
		const { offset, length, faultStart, faultLength } = place;
		const faultEnd = Math.min(length, faultStart + faultLength);
		this.discarded.push({
			reason: dropReasonName(reason),
			slot: flow?.slot ?? null,
			faultStart,
			fault: this.arena.slice(offset + faultStart, offset + faultEnd),
		});
	}

	notice(
		notice: EngineNotice,
		flow: Flow | null,
		_place: PacketPlace,
		value: number,
		other: number,
	): void {
		const name = ENGINE_NOTICES[notice];
		if (name === undefined) throw new Error(`no such notice: ${notice}`);
		this.notices.push({ name, slot: flow?.slot ?? null, value, other });
	}

	evidence(): void {
		this.evidenceCount++;
	}

	flowOpened(flow: Flow): void {
		this.opened.push(flow);
	}

	flowRenewed(flow: Flow, reason: FlowCloseReason): void {
		const { slot, localPort } = flow;
		this.renewed.push({ slot, localPort, reason });
	}

	flowClosed(flow: Flow, reason: FlowCloseReason): void {
		this.closed.push({ slot: flow.slot, reason });
	}

	#slice(offset: number, length: number): Uint8Array {
		return this.arena.slice(offset, offset + length);
	}
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(
		parts.reduce((sum, part) => sum + part.length, 0),
	);
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

/** Turns the pseudo-header sum in the TCP checksum field into the checksum, as the kernel does. */
export function finishChecksum(packet: Uint8Array): Uint8Array {
	const view = new DataView(
		packet.buffer,
		packet.byteOffset,
		packet.byteLength,
	);
	const tcp = view.getUint8(0) >>> 4 === 4 ? 20 : 40;
	view.setUint16(
		tcp + 16,
		checksumFinish(checksumAdd(view, tcp, packet.length - tcp, 0)),
	);
	return packet;
}

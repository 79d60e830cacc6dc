// An engine with memory around it and a sink that costs nothing once the handshake is over, to time the engine alone.

import {
	DROP_REASON_COUNT,
	ENGINE_COUNTER_COUNT,
	Engine,
	type EngineSink,
	type Flow,
	type IpAddress,
	invariant,
	MAX_SUPER_SEGMENT_BYTES,
	parseIpAddress,
	REASSEMBLY_LIMITS,
	type ReceivedPackets,
	RegionTable,
	reassemblyRegionBytes,
	TrainTable,
	VERDICT,
	WIRE_PROFILES,
} from "@tunscope/fake-tcp";

import { slowChecksum } from "./slow-receive.js";

const IPV4_BYTES = 20;
const TCP_CHECKSUM_OFFSET = IPV4_BYTES + 16;
const MIB = 1_048_576;
const HEADERS = { offset: 0, length: 256 * 1024 };
const STAGING = { offset: 256 * 1024, length: 256 * 1024 };
const NOTHING_HELD = { offset: 0, length: 0 };
/** Where datagrams to be sent lie. */
export const UPLINK_OFFSET = MIB;
/** Where received packets lie. */
const PACKETS_OFFSET = 8 * MIB;
const REASSEMBLY = {
	offset: 16 * MIB,
	length: reassemblyRegionBytes(REASSEMBLY_LIMITS),
};
const ARENA_BYTES = REASSEMBLY.offset + REASSEMBLY.length;
const MAX_FLOWS = 1_024;
const REGIONS = 4_096;
export const SERVER_PORT = 4_567;
const ADDRESSES = {
	client: { 4: "192.168.200.2", 6: "fcc8::2" },
	server: { 4: "192.168.201.2", 6: "fcc9::2" },
} as const;

function addressOf(role: "client" | "server", family: 4 | 6): IpAddress {
	const parsed = parseIpAddress(ADDRESSES[role][family]);
	invariant(parsed !== null, "the addresses of the benchmark are valid");
	return parsed;
}

export class EngineEnd implements EngineSink {
	readonly arena = new Uint8Array(ARENA_BYTES);
	readonly engine: Engine;
	readonly uplink: TrainTable;
	/** While true, packets that leave are kept in `sent`; while false, they are forgotten. */
	keepsPackets = true;
	sent: Uint8Array[] = [];
	deliveredBytes = 0;
	flow: Flow | null = null;
	readonly #outgoing: TrainTable;

	constructor(role: "client" | "server") {
		const profile = WIRE_PROFILES.default;
		const regions = new RegionTable(REGIONS);
		const trains = {
			regions,
			ownerCount: MAX_FLOWS,
			maxTrainBytes: MAX_SUPER_SEGMENT_BYTES - 60,
			maxSegmentsPerTrain: profile.maxSegmentsPerTrain,
		};
		this.#outgoing = new TrainTable({ ...trains, capacity: 1_024 });
		this.uplink = new TrainTable({ ...trains, capacity: REGIONS });
		this.engine = new Engine({
			role,
			profile,
			sink: this,
			arena: this.arena,
			headerRegion: HEADERS,
			stagingRegion: STAGING,
			reassemblyRegion: REASSEMBLY,
			reassemblyLimits: REASSEMBLY_LIMITS,
			heldRegion: NOTHING_HELD,
			outgoing: this.#outgoing,
			local: { 4: addressOf(role, 4), 6: addressOf(role, 6) },
			listenPort: SERVER_PORT,
			maxFlows: MAX_FLOWS,
			idleTimeoutMs: 180_000,
			linkMtuBytes: 1_500,
			oversize: "drop",
			handshakePacket: null,
			counters: new Float64Array(ENGINE_COUNTER_COUNT),
			drops: new Float64Array(DROP_REASON_COUNT),
			seed: { hash: { k0: 1, k1: 2 }, iss: { k0: 3, k1: 4 }, port: 5 },
		});
	}

	/** Takes packets that the other end sent, as the device layer would hand them over. */
	receive(packets: readonly Uint8Array[], nowMs: number): void {
		this.engine.receive(this.layOut(packets, 0), nowMs);
		this.engine.flush();
	}

	/** Puts packets into the arena. @param segmentSize payload octets per segment of each, 0 for single ones. */
	layOut(
		packets: readonly Uint8Array[],
		segmentSize: number,
		verdict: number = VERDICT.checksumGood,
	): ReceivedPackets {
		let at = PACKETS_OFFSET;
		const offsets = packets.map((packet) => {
			const offset = at;
			this.arena.set(packet, offset);
			at += packet.length;
			return offset;
		});
		return {
			count: packets.length,
			offset: Int32Array.from(offsets),
			length: Int32Array.from(packets, (packet) => packet.length),
			segmentSize: new Int32Array(packets.length).fill(segmentSize),
			verdict: new Uint8Array(packets.length).fill(verdict),
		};
	}

	takeSent(): Uint8Array[] {
		const { sent } = this;
		this.sent = [];
		return sent;
	}

	// EngineSink

	flush(): void {
		if (!this.keepsPackets) return;
		const out = this.#outgoing;
		for (let train = 0; train < out.count; train += 1)
			this.sent.push(this.#packetOf(train));
	}

	deliver(_flow: Flow, _offset: number, length: number): void {
		this.deliveredBytes += length;
	}

	releaseDelivered(): void {}

	drop(): void {}
	notice(): void {}

	evidence(): void {}

	flowOpened(flow: Flow): void {
		this.flow = flow;
	}

	flowRenewed(): void {
		this.flow = null;
	}

	flowClosed(): void {
		this.flow = null;
	}

	#packetOf(train: number): Uint8Array {
		const out = this.#outgoing;
		const { regions } = out;
		const parts = [
			this.#slice(out.headerOffset[train] ?? 0, out.headerLength[train] ?? 0),
		];
		for (
			let region = out.firstRegion[train] ?? -1;
			region >= 0;
			region = regions.next[region] ?? -1
		)
			parts.push(
				this.#slice(regions.offset[region] ?? 0, regions.length[region] ?? 0),
			);
		const packet = Uint8Array.from(Buffer.concat(parts));
		// The header carries the pseudo header's sum; the kernel would finish it like this.
		new DataView(packet.buffer).setUint16(
			TCP_CHECKSUM_OFFSET,
			slowChecksum(packet.subarray(IPV4_BYTES)),
		);
		return packet;
	}

	#slice(offset: number, length: number): Uint8Array {
		return this.arena.subarray(offset, offset + length);
	}
}

export interface EnginePair {
	readonly client: EngineEnd;
	readonly server: EngineEnd;
	/** The client's side of the one established flow. */
	readonly flow: Flow;
	nowMs: number;
}

const MAX_EXCHANGES = 50;

/** Two ends with one established flow, both ready to be timed. */
export function establishedPair(): EnginePair {
	const client = new EngineEnd("client");
	const server = new EngineEnd("server");
	const nowMs = 1_000;
	const opened = client.engine.open(addressOf("server", 4), SERVER_PORT, nowMs);
	invariant(typeof opened !== "string", "the first flow finds a slot");
	client.engine.flush();
	for (let exchange = 0; exchange < MAX_EXCHANGES; exchange += 1) {
		server.receive(client.takeSent(), nowMs);
		client.receive(server.takeSent(), nowMs);
	}
	const { flow } = client;
	invariant(flow !== null && server.flow !== null, "the handshake completes");
	return { client, server, flow, nowMs };
}

// A rehearsal: two engines talk to each other in memory while the host is being set up, so that the first real segments meet compiled code.

import {
	DROP_REASON_COUNT,
	ENGINE_COUNTER_COUNT,
	Engine,
	type EngineSink,
	type Flow,
	invariant,
	MAX_SUPER_SEGMENT_BYTES,
	parseIpAddress,
	REASSEMBLY_LIMITS,
	RegionTable,
	reassemblyRegionBytes,
	TrainTable,
	VERDICT,
	WIRE_PROFILES,
} from "@tunscope/fake-tcp";

/** Enough for V8 to compile the hot functions; some 50 ms on a slow machine, while the main thread runs `ip` and `nft`. */
const ROUNDS = 120;
const DATAGRAMS_PER_ROUND = 32;
const DATAGRAM_BYTES = 64;
const SERVER_PORT = 1;
const MAX_FLOWS = 4;

const HEADERS = { offset: 0, length: 16 * 1024 };
const STAGING = { offset: 16 * 1024, length: 80 * 1024 };
const NOTHING_HELD = { offset: 0, length: 0 };
const DATAGRAMS = { offset: 96 * 1024, length: 16 * 1024 };
const PACKETS = { offset: 112 * 1024, length: 144 * 1024 };
/** No fragments are sent here. */
const REASSEMBLY_LIMITS_HERE = {
	...REASSEMBLY_LIMITS,
	highWatermarkBytes: 64 * 1024,
	maxDatagrams: 16,
};
const REASSEMBLY = {
	offset: 256 * 1024,
	length: reassemblyRegionBytes(REASSEMBLY_LIMITS_HERE),
};
const ARENA_BYTES = REASSEMBLY.offset + REASSEMBLY.length;
const PACKETS_PER_BATCH = 64;

/** One end: an engine whose trains go straight into the other end's receive batch. */
class RehearsalEnd implements EngineSink {
	readonly engine: Engine;
	readonly uplink: TrainTable;
	other: RehearsalEnd | null = null;
	opened: Flow | null = null;
	deliveredBytes = 0;
	readonly #arena = new Uint8Array(ARENA_BYTES);
	readonly #outgoing: TrainTable;
	readonly #received = {
		count: 0,
		offset: new Int32Array(PACKETS_PER_BATCH),
		length: new Int32Array(PACKETS_PER_BATCH),
		segmentSize: new Int32Array(PACKETS_PER_BATCH),
		verdict: new Uint8Array(PACKETS_PER_BATCH),
	};
	#packetsEnd = PACKETS.offset;

	constructor(role: "client" | "server") {
		const regions = new RegionTable(256);
		const table = {
			regions,
			capacity: 128,
			ownerCount: MAX_FLOWS,
			maxTrainBytes: MAX_SUPER_SEGMENT_BYTES,
			maxSegmentsPerTrain: DATAGRAMS_PER_ROUND,
		};
		this.#outgoing = new TrainTable(table);
		this.uplink = new TrainTable(table);
		const local = {
			4: address(role === "client" ? "192.0.2.1" : "192.0.2.2"),
			6: address(role === "client" ? "2001:db8::1" : "2001:db8::2"),
		};
		this.engine = new Engine({
			role,
			profile: WIRE_PROFILES.default,
			sink: this,
			arena: this.#arena,
			headerRegion: HEADERS,
			stagingRegion: STAGING,
			reassemblyRegion: REASSEMBLY,
			reassemblyLimits: REASSEMBLY_LIMITS_HERE,
			heldRegion: NOTHING_HELD,
			outgoing: this.#outgoing,
			local,
			listenPort: SERVER_PORT,
			maxFlows: MAX_FLOWS,
			idleTimeoutMs: 60_000,
			linkMtuBytes: 1_500,
			oversize: "drop",
			handshakePacket: null,
			counters: new Float64Array(ENGINE_COUNTER_COUNT),
			drops: new Float64Array(DROP_REASON_COUNT),
			seed: { hash: { k0: 1, k1: 2 }, iss: { k0: 3, k1: 4 }, port: 5 },
		});
	}

	/** @param segmentSize 64 gives one train, a mixture gives single datagrams. */
	send(flow: Flow, isTrain: boolean, nowMs: number): void {
		for (let datagram = 0; datagram < DATAGRAMS_PER_ROUND; datagram++) {
			const length = isTrain ? DATAGRAM_BYTES : DATAGRAM_BYTES + datagram;
			this.uplink.append(flow.slot, DATAGRAMS.offset, length, length);
		}
		for (let train = 0; train < this.uplink.count; train++) {
			this.engine.send(flow, this.uplink, train, nowMs);
		}
		this.engine.flush();
		this.uplink.clear();
		this.uplink.regions.clear();
	}

	/** Takes what the other end has sent so far. */
	receive(nowMs: number): void {
		this.engine.receive(this.#received, nowMs);
		this.#received.count = 0;
		this.#packetsEnd = PACKETS.offset;
		this.engine.flush();
	}

	flush(): void {
		const { regions } = this.#outgoing;
		for (let train = 0; train < this.#outgoing.count; train++) {
			const packet = this.other?.beginPacket() ?? null;
			if (packet === null) return;
			packet.append(
				this.#arena,
				this.#outgoing.headerOffset[train] ?? 0,
				this.#outgoing.headerLength[train] ?? 0,
			);
			let region = this.#outgoing.firstRegion[train] ?? -1;
			for (; region >= 0; region = regions.next[region] ?? -1) {
				const offset = regions.offset[region] ?? 0;
				packet.append(this.#arena, offset, regions.length[region] ?? 0);
			}
			const size = this.#outgoing.segmentSize[train] ?? 0;
			packet.end((this.#outgoing.totalLength[train] ?? 0) > size ? size : 0);
		}
	}

	/** Room for one more packet in this end's receive batch; null when it is full (then it is lost). */
	beginPacket(): {
		append(arena: Uint8Array, offset: number, length: number): void;
		end(segmentSize: number): void;
	} | null {
		const received = this.#received;
		const start = this.#packetsEnd;
		if (received.count === PACKETS_PER_BATCH) return null;
		return {
			append: (arena, offset, length) => {
				const part = arena.subarray(offset, offset + length);
				this.#arena.set(part, this.#packetsEnd);
				this.#packetsEnd += length;
			},
			end: (segmentSize) => {
				const index = received.count++;
				received.offset[index] = start;
				received.length[index] = this.#packetsEnd - start;
				received.segmentSize[index] = segmentSize;
				received.verdict[index] = VERDICT.checksumGood;
			},
		};
	}

	deliver(_flow: Flow, _offset: number, length: number): void {
		this.deliveredBytes += length;
	}

	releaseDelivered(): void {}
	drop(): void {}
	notice(): void {}

	evidence(): void {}

	flowOpened(flow: Flow): void {
		this.opened = flow;
	}

	flowRenewed(): void {}

	flowClosed(): void {}
}

function address(literal: string) {
	const parsed = parseIpAddress(literal);
	invariant(parsed !== null, `${literal} is an address`);
	return parsed;
}

/** Runs to its end, touches nothing outside. @returns bytes that were delivered, for the test. */
export function rehearse(): number {
	const client = new RehearsalEnd("client");
	const server = new RehearsalEnd("server");
	client.other = server;
	server.other = client;
	let nowMs = 0;
	for (let round = 0; round < ROUNDS; round++) {
		nowMs += 1;
		const flow = client.opened ?? client.engine.flows[0];
		if (flow === undefined) {
			client.engine.open(address("192.0.2.2"), SERVER_PORT, nowMs);
			client.engine.flush();
		} else client.send(flow, round % 2 === 0, nowMs);
		server.receive(nowMs);
		if (server.opened !== null) server.send(server.opened, true, nowMs);
		client.receive(nowMs);
	}
	return server.deliveredBytes + client.deliveredBytes;
}

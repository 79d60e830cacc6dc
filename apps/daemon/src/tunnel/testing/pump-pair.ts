// Both ends of a tunnel without their workers: pumps on memory I/O, time by hand, applications and a target.

import {
	DROP,
	Engine,
	REASSEMBLY_LIMITS,
	WIRE_PROFILES,
} from "@tunscope/fake-tcp";
import {
	createMemoryPacketIo,
	ENDPOINT_WORDS,
	MemoryNetwork,
	type PacketIo,
	type Poller,
	type SocketAddress,
	type TunDevice,
	type UdpSocket,
} from "@tunscope/tun";
import { AnomalyCollector } from "../../anomaly/anomaly-collector.js";
import { HOST_CLOCK } from "../../anomaly/anomaly-moment.js";
import { createCaptureMemory } from "../../capture/capture-memory.js";
import { PacketCapture } from "../../capture/packet-capture.js";
import type { ApplicationSide } from "../application-side.js";
import {
	type ArenaLayout,
	createArena,
	PACKETS_PER_BATCH,
} from "../arena-layout.js";
import { ClientApplications } from "../client-applications.js";
import { createCounterMemory } from "../counter-layout.js";
import { readCounterSample } from "../counter-sample.js";
import { checkedIpAddress } from "../endpoint-text.js";
import { Pump } from "../pump.js";
import { ServerChoice } from "../server-choice.js";
import { ServerTargets } from "../server-targets.js";
import { TunnelCounters } from "../tunnel-counters.js";

const FAKE_TCP_PORT = 4_567;
const LISTEN: SocketAddress = { family: 4, address: "127.0.0.1", port: 5_000 };
const TARGET: SocketAddress = { family: 4, address: "127.0.0.1", port: 9_000 };
const PEERS = {
	client: { 4: "192.168.200.2", 6: "fcc8::2" },
	server: { 4: "192.168.201.2", 6: "fcc9::2" },
} as const;
const ROUNDS = 50;

interface EndLimits {
	readonly maxFlows: number;
	readonly rotateEveryMs?: number;
}

/** One end of a tunnel without its worker. */
class End {
	readonly io: PacketIo;
	readonly layout: ArenaLayout = createArena();
	readonly poller: Poller;
	readonly tun: TunDevice;
	readonly counters: TunnelCounters;
	readonly anomalies: AnomalyCollector;
	readonly engine: Engine;
	readonly application: ApplicationSide;
	readonly closed: string[] = [];
	/** UDP sockets that are open now. */
	openSockets = 0;
	readonly pump: Pump;
	/** A capture ring of everything on the TUN. */
	readonly captured = createCaptureMemory({
		ringBytes: 262_144,
		snapBytes: 256,
		baseUnixMs: 0,
	});
	readonly #memory = createCounterMemory();

	constructor(
		network: MemoryNetwork,
		role: "client" | "server",
		{ maxFlows, rotateEveryMs = 0 }: EndLimits,
	) {
		this.counters = new TunnelCounters(this.#memory);
		const memoryIo = createMemoryPacketIo({ network });
		this.io = {
			...memoryIo,
			openUdp: (options) => this.#counted(memoryIo.openUdp(options)),
		};
		this.poller = this.io.createPoller();
		const { arena, headers, staging, reassembly, held } = this.layout;
		this.anomalies = new AnomalyCollector({
			arena,
			drops: this.counters.drops,
			clock: HOST_CLOCK,
		});
		this.tun = this.io.openTun({ arena });
		this.pump = new Pump({
			io: this.io,
			layout: this.layout,
			profile: WIRE_PROFILES.default,
			maxFlows,
			counters: this.counters,
			anomalies: this.anomalies,
			events: {
				flowOpened: () => {},
				flowClosed: (_flow, reason) => this.closed.push(reason),
				targetRefused: () => {},
				tunGone: () => {},
			},
			capture: new PacketCapture({
				memory: this.captured,
				arena,
				packetsPerBatch: PACKETS_PER_BATCH,
				clocks: { monotonicMs: () => 0, wallMs: () => 0 },
			}),
		});
		this.engine = new Engine({
			role,
			profile: WIRE_PROFILES.default,
			sink: this.pump,
			arena,
			headerRegion: headers,
			stagingRegion: staging,
			reassemblyRegion: reassembly,
			reassemblyLimits: REASSEMBLY_LIMITS,
			heldRegion: held,
			outgoing: this.pump.outgoing,
			local: {
				4: checkedIpAddress(PEERS[role][4]),
				6: checkedIpAddress(PEERS[role][6]),
			},
			listenPort: FAKE_TCP_PORT,
			maxFlows,
			idleTimeoutMs: 180_000,
			linkMtuBytes: 1_500,
			oversize: "drop",
			handshakePacket: null,
			counters: this.counters.engine,
			drops: this.counters.drops,
			seed: { hash: { k0: 1, k1: 2 }, iss: { k0: 3, k1: 4 }, port: 5 },
		});
		this.application =
			role === "client"
				? this.#listen(maxFlows, rotateEveryMs)
				: this.#target(maxFlows);
		this.pump.attach(this.engine, this.application);
		this.pump.setTun(this.tun);
		this.poller.add(this.tun, -1);
	}

	/** One turn of the worker. @returns how much there was to do. */
	turn(nowMs: number): number {
		const tokens = new Int32Array(64);
		const ready = this.poller.poll();
		let tokenCount = 0;
		let handled = 0;
		for (let index = 0; index < ready; index++) {
			const token = this.poller.readyTokens[index] ?? 0;
			if (token >= 0) tokens[tokenCount++] = token;
			else handled += this.pump.readTun(nowMs);
		}
		return handled + this.pump.readDatagrams(tokens, tokenCount, nowMs);
	}

	/** Trains and bare segments handed to the TUN. */
	get tunWrites(): number {
		return readCounterSample(new Float64Array(this.#memory), 0).io.tunWrites;
	}

	dropped(reason: keyof typeof DROP): number {
		return this.counters.drops[DROP[reason]] ?? 0;
	}

	#listen(maxFlows: number, rotateEveryMs: number): ApplicationSide {
		const socket = this.io.openUdp({ arena: this.layout.arena, bind: LISTEN });
		this.poller.add(socket, socket.token);
		return new ClientApplications({
			engine: this.engine,
			socket,
			servers: new ServerChoice([
				{ family: 4, address: PEERS.server[4], port: FAKE_TCP_PORT },
			]),
			maxFlows,
			rotateEveryMs,
			hashKey: { k0: 6, k1: 7 },
			counters: this.counters,
		});
	}

	#target(maxFlows: number): ApplicationSide {
		return new ServerTargets({
			io: this.io,
			poller: this.poller,
			engine: this.engine,
			arena: this.layout.arena,
			targets: [TARGET],
			maxFlows,
			socketBufferBytes: 65_536,
			onTargetState: () => {},
			onOpenFailed: (error) => {
				throw error;
			},
		});
	}

	#counted(socket: UdpSocket): UdpSocket {
		this.openSockets++;
		const close = socket.close.bind(socket);
		socket.close = () => {
			this.openSockets--;
			close();
		};
		return socket;
	}
}

/** Applications, a tunnel and a target that answers every datagram with the same bytes. */
export class PumpPair {
	nowMs = 1_000;
	readonly client: End;
	readonly server: End;
	readonly network = new MemoryNetwork();
	readonly #io: PacketIo;
	readonly #arena = new Uint8Array(2 * 1024 * 1024);
	readonly #target: UdpSocket;
	/** Where the datagram that the target got first came from. */
	#firstAsker: Int32Array | null = null;

	constructor(limits: {
		client: number;
		server: number;
		rotateEveryMs?: number;
	}) {
		const { rotateEveryMs = 0 } = limits;
		this.client = new End(this.network, "client", {
			maxFlows: limits.client,
			rotateEveryMs,
		});
		this.server = new End(this.network, "server", { maxFlows: limits.server });
		this.network.connectTuns(this.client.tun, this.server.tun);
		this.#io = createMemoryPacketIo({ network: this.network });
		this.#target = this.#io.openUdp({
			arena: this.#arena,
			bind: TARGET,
			offloads: "none",
		});
	}

	application(): UdpSocket {
		const { family, address, port } = LISTEN;
		return this.#io.openUdp({
			arena: this.#arena,
			connect: { family, address, port },
			offloads: "none",
		});
	}

	/** @returns the first byte of each datagram that has come. */
	read(socket: UdpSocket): number[] {
		const batch = this.#io.createDatagramBatch(this.#arena, 0, 16);
		const tokens = Int32Array.of(socket.token);
		const count = this.#io.receiveDatagrams(tokens, 1, batch, 16);
		if (count > 0 && socket === this.#target)
			this.#firstAsker ??= batch.endpoint.slice(0, ENDPOINT_WORDS);
		return Array.from(
			{ length: count },
			(_, index) => this.#arena[batch.offset[index] ?? 0] ?? -1,
		);
	}

	/** The target answers the datagram that it got first. */
	answerFirst(fill: number): void {
		this.send(this.#target, fill, this.#firstAsker);
	}

	/** Sends one datagram whose bytes are all `fill`. */
	send(
		socket: UdpSocket,
		fill: number,
		endpoint: Int32Array | null = null,
	): void {
		const offset = this.#arena.length - 64;
		this.#arena.fill(fill, offset, offset + 8);
		const one = (value: number) => Int32Array.of(value);
		this.#io.sendTrains(
			{
				count: 1,
				owner: one(0),
				firstRegion: one(0),
				regionCount: one(1),
				segmentSize: one(8),
				totalLength: one(8),
				headerOffset: one(0),
				headerLength: one(0),
				regions: { offset: one(offset), length: one(8), next: one(-1) },
			},
			one(socket.token),
			endpoint,
		);
	}

	/** Runs both ends until nothing moves. @returns what the target got. */
	settle(): number[] {
		const arrived: number[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			const handled =
				this.client.turn(this.nowMs) + this.server.turn(this.nowMs);
			const now = this.read(this.#target);
			arrived.push(...now);
			if (handled + now.length === 0) return arrived;
		}
		throw new Error("the two ends never fall silent");
	}

	/** Applications that each said one thing, with numbers from 1. */
	conversations(count: number): UdpSocket[] {
		return Array.from({ length: count }, (_, index) => {
			const socket = this.application();
			this.send(socket, index + 1);
			this.settle();
			this.nowMs += 1;
			return socket;
		});
	}
}

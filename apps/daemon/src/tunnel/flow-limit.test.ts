// A full flow table, seen from the applications: both ends' pumps on memory I/O, time by hand.

import { DROP, Engine, WIRE_PROFILES } from "@tunscope/fake-tcp";
import {
	createMemoryPacketIo,
	MemoryNetwork,
	type PacketIo,
	type Poller,
	type SocketAddress,
	type TunDevice,
	type UdpSocket,
} from "@tunscope/tun";
import { beforeEach, describe, expect, it } from "vitest";
import type { ApplicationSide } from "./application-side.js";
import { type ArenaLayout, createArena } from "./arena-layout.js";
import { ClientApplications } from "./client-applications.js";
import { createCounterMemory } from "./counter-layout.js";
import { checkedIpAddress } from "./endpoint-text.js";
import { Pump } from "./pump.js";
import { ServerTargets } from "./server-targets.js";
import { TunnelCounters } from "./tunnel-counters.js";

const FAKE_TCP_PORT = 4_567;
const LISTEN: SocketAddress = { family: 4, address: "127.0.0.1", port: 5_000 };
const TARGET: SocketAddress = { family: 4, address: "127.0.0.1", port: 9_000 };
const PEERS = {
	client: { 4: "192.168.200.2", 6: "fcc8::2" },
	server: { 4: "192.168.201.2", 6: "fcc9::2" },
} as const;
/** Flows that heard or carried something within this are alive (fake-tcp's QUIET_MS). */
const QUIET_MS = 10_000;
const ROUNDS = 50;

/** One end of a tunnel without its worker. */
class End {
	readonly io: PacketIo;
	readonly layout: ArenaLayout = createArena();
	readonly poller: Poller;
	readonly tun: TunDevice;
	readonly counters = new TunnelCounters(createCounterMemory());
	readonly engine: Engine;
	readonly application: ApplicationSide;
	readonly closed: string[] = [];
	/** UDP sockets that are open now. */
	openSockets = 0;
	readonly #pump: Pump;

	constructor(
		network: MemoryNetwork,
		role: "client" | "server",
		maxFlows: number,
	) {
		const memoryIo = createMemoryPacketIo({ network });
		this.io = {
			...memoryIo,
			openUdp: (options) => this.#counted(memoryIo.openUdp(options)),
		};
		this.poller = this.io.createPoller();
		const { arena, headers, staging } = this.layout;
		this.tun = this.io.openTun({ arena });
		this.#pump = new Pump({
			io: this.io,
			layout: this.layout,
			profile: WIRE_PROFILES.default,
			maxFlows,
			counters: this.counters,
			events: {
				flowOpened: () => {},
				flowClosed: (_flow, reason) => this.closed.push(reason),
				evidence: () => {},
				targetRefused: () => {},
				tunGone: () => {},
			},
		});
		this.engine = new Engine({
			role,
			profile: WIRE_PROFILES.default,
			sink: this.#pump,
			arena,
			headerRegion: headers,
			stagingRegion: staging,
			outgoing: this.#pump.outgoing,
			local: {
				4: checkedIpAddress(PEERS[role][4]),
				6: checkedIpAddress(PEERS[role][6]),
			},
			listenPort: FAKE_TCP_PORT,
			maxFlows,
			idleTimeoutMs: 180_000,
			linkMtuBytes: 1_500,
			handshakePacket: null,
			counters: this.counters.engine,
			drops: this.counters.drops,
			seed: { hash: { k0: 1, k1: 2 }, iss: { k0: 3, k1: 4 }, port: 5 },
		});
		this.application =
			role === "client" ? this.#listen(maxFlows) : this.#target(maxFlows);
		this.#pump.attach(this.engine, this.application);
		this.#pump.setTun(this.tun);
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
			else handled += this.#pump.readTun(nowMs);
		}
		return handled + this.#pump.readDatagrams(tokens, tokenCount, nowMs);
	}

	dropped(reason: keyof typeof DROP): number {
		return this.counters.drops[DROP[reason]] ?? 0;
	}

	#listen(maxFlows: number): ApplicationSide {
		const socket = this.io.openUdp({ arena: this.layout.arena, bind: LISTEN });
		this.poller.add(socket, socket.token);
		return new ClientApplications({
			engine: this.engine,
			socket,
			servers: [
				{ address: checkedIpAddress(PEERS.server[4]), port: FAKE_TCP_PORT },
			],
			maxFlows,
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
			target: TARGET,
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
class World {
	nowMs = 1_000;
	readonly client: End;
	readonly server: End;
	readonly #network = new MemoryNetwork();
	readonly #io: PacketIo;
	readonly #arena = new Uint8Array(2 * 1024 * 1024);
	readonly #target: UdpSocket;

	constructor(limits: { client: number; server: number }) {
		this.client = new End(this.#network, "client", limits.client);
		this.server = new End(this.#network, "server", limits.server);
		this.#network.connectTuns(this.client.tun, this.server.tun);
		this.#io = createMemoryPacketIo({ network: this.#network });
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
		return Array.from(
			{ length: count },
			(_, index) => this.#arena[batch.offset[index] ?? 0] ?? -1,
		);
	}

	/** Sends one datagram whose bytes are all `fill`. */
	send(socket: UdpSocket, fill: number): void {
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
			null,
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

describe.each([
	["client", { client: 4, server: 64 }],
	["server", { client: 64, server: 4 }],
] as const)("a full %s", (role, limits) => {
	let world: World;
	beforeEach(() => {
		world = new World(limits);
	});

	it("serves newcomers from quiet conversations, and lets go of what was theirs", () => {
		world.conversations(4);
		for (let newcomer = 0; newcomer < 20; newcomer++) {
			world.nowMs += QUIET_MS;
			world.send(world.application(), 100 + newcomer);
			expect(world.settle()).toEqual([100 + newcomer]);
		}
		expect(world[role].closed).toEqual(Array(20).fill("evicted"));
		expect(world.client.engine.flows).toHaveLength(4);
		expect(world.server.engine.flows).toHaveLength(4);
		// The client's one listening socket, and one of the server's per flow.
		expect(world.client.openSockets).toBe(1);
		expect(world.server.openSockets).toBe(4);
		expect(world[role].dropped(refusal(role))).toBe(0);
	});

	it("serves an evicted application anew when it speaks again", () => {
		const [first] = world.conversations(4);
		if (first === undefined) throw new Error("no application");
		world.nowMs += QUIET_MS;
		world.send(world.application(), 50);
		world.settle();
		world.nowMs += 1;
		world.send(first, 51);
		expect(world.settle()).toEqual([51]);
	});

	it("refuses a newcomer while all are alive, and counts it exactly once", () => {
		const sockets = world.conversations(4);
		world.nowMs += QUIET_MS / 2;
		for (const socket of sockets) world.send(socket, 9);
		world.settle();
		world.nowMs += QUIET_MS - 100;
		world.send(world.application(), 77);
		expect(world.settle()).toEqual([]);
		expect(world[role].dropped(refusal(role))).toBe(1);
		expect(world[role].closed).toEqual([]);
	});
});

function refusal(role: "client" | "server") {
	return role === "client" ? "no-flow-slot" : "flow-limit";
}

describe("a full client", () => {
	it("never sends an application's datagrams on the flow that took its slot, in one batch", () => {
		const world = new World({ client: 2, server: 64 });
		const [first, second] = world.conversations(2);
		if (first === undefined || second === undefined)
			throw new Error("no application");
		world.nowMs += QUIET_MS;
		// All three lie in the socket before the pump reads: the first is wanted, the second's slot goes.
		world.send(first, 11);
		const newcomer = world.application();
		world.send(newcomer, 12);
		world.send(newcomer, 13);
		const refused = world.application();
		world.send(refused, 14);
		expect(world.settle()).toEqual([11, 12, 13]);
		expect(world.client.closed).toEqual(["evicted"]);
		expect(world.client.dropped("no-flow-slot")).toBe(1);
		const segmentsSent = world.client.engine.flows.map((flow) =>
			world.client.engine.flowCounter(flow, "segmentsSent"),
		);
		expect(segmentsSent).toEqual([2, 2]);
	});

	it("serves a crowd of newcomers at once and loses nothing of those who speak", () => {
		const world = new World({ client: 200, server: 220 });
		const old = world.conversations(200);
		expect(world.client.engine.establishedCount).toBe(200);
		world.nowMs += QUIET_MS;
		const alive = old.slice(0, 20);
		for (const [index, socket] of alive.entries())
			world.send(socket, index + 1);
		for (let newcomer = 0; newcomer < 180; newcomer++)
			world.send(world.application(), 250);
		const arrived = world.settle();
		expect(arrived.filter((fill) => fill === 250)).toHaveLength(180);
		expect(
			arrived.filter((fill) => fill !== 250).sort((a, b) => a - b),
		).toEqual(alive.map((_, index) => index + 1));
		expect(world.client.closed).toEqual(Array(180).fill("evicted"));
	});
});

import { setTimeout as delay } from "node:timers/promises";
import { DROP, DROP_REASON_ROWS, VERDICT } from "@tunscope/fake-tcp";
import {
	createMemoryPacketIo,
	MemoryNetwork,
	PACKET_VERDICT,
	type PacketIo,
	type SocketAddress,
	type TunDevice,
} from "@tunscope/tun";
import { afterEach, describe, expect, it } from "vitest";
import { createCounterMemory } from "./counter-layout.js";
import { readCounterSample } from "./counter-sample.js";
import { TunnelWorker } from "./tunnel-worker.js";
import type { FromWorker, TunnelWorkerInput } from "./worker-protocol.js";

const CLIENT_TUN = {
	local4: "192.168.200.1",
	peer4: "192.168.200.2",
	local6: "fcc8::1",
	peer6: "fcc8::2",
};
const SERVER_TUN = {
	local4: "192.168.201.1",
	peer4: "192.168.201.2",
	local6: "fcc9::1",
	peer6: "fcc9::2",
};
const LISTEN = { address: "127.0.0.1", port: 5_000 };
const TARGET: SocketAddress = { family: 4, address: "127.0.0.1", port: 9_000 };
const DEADLINE_MS = 5_000;

/** A worker on memory I/O whose host is always ready, with everything it said. */
class Rig {
	readonly said: FromWorker[] = [];
	readonly worker: TunnelWorker;
	readonly #memory = createCounterMemory();
	tun: TunDevice | null = null;

	constructor(
		network: MemoryNetwork,
		role: "client" | "server",
		changes: Partial<TunnelWorkerInput["config"]> = {},
	) {
		const memoryIo = createMemoryPacketIo({ network });
		const io: PacketIo = {
			...memoryIo,
			openTun: (options) => {
				this.tun = memoryIo.openTun(options);
				return this.tun;
			},
		};
		const isClient = role === "client";
		const input: TunnelWorkerInput = {
			config: {
				name: role,
				role,
				listen: isClient ? LISTEN : { address: "0.0.0.0", port: 4_567 },
				remote: { host: "unused.example", port: 1 },
				tun: { name: "", ...(isClient ? CLIENT_TUN : SERVER_TUN) },
				ipv4Only: false,
				allowForeignFirewall: false,
				linkMtuBytes: 1_500,
				oversize: "drop",
				idleTimeoutMs: 180_000,
				hostSetup: "off",
				interfaces: [],
				onTunLost: "recreate",
				maxFlows: 64,
				wireProfile: "default",
				...changes,
			},
			remotes: isClient
				? [{ family: 4, address: SERVER_TUN.peer4, port: 4_567 }]
				: [TARGET],
			handshakePacket: null,
			capture: null,
			counters: this.#memory,
			seed: [1, 2, 3, 4],
		};
		this.worker = new TunnelWorker(input, io, (message) => this.#hear(message));
		this.worker.start();
	}

	#hear(message: FromWorker): void {
		this.said.push(message);
		// Answered later, as the main thread would.
		if (message.kind === "tun-opened") {
			setImmediate(() =>
				this.worker.receive({ kind: "host-ready", linkMtuBytes: 1_500 }),
			);
		}
	}

	heard(kind: FromWorker["kind"]): number {
		return this.said.filter((message) => message.kind === kind).length;
	}

	sample(): ReturnType<typeof readCounterSample> {
		return readCounterSample(new Float64Array(this.#memory), performance.now());
	}
}

async function until(condition: () => boolean, what: string): Promise<void> {
	const endMs = performance.now() + DEADLINE_MS;
	while (!condition()) {
		if (performance.now() > endMs) throw new Error(`not in time: ${what}`);
		await delay(5);
	}
}

/** A UDP socket of the outside world. */
function application(
	network: MemoryNetwork,
	options: { bind?: SocketAddress; connect?: SocketAddress },
) {
	const io = createMemoryPacketIo({ network });
	const arena = new Uint8Array(4 * 1024 * 1024);
	const socket = io.openUdp({ arena, offloads: "none", ...options });
	const batch = io.createDatagramBatch(arena, 0, 32);
	const out = arena.length - 256 * 1024;
	return {
		send(payload: Uint8Array): void {
			arena.set(payload, out);
			const one = (value: number) => Int32Array.of(value);
			io.sendTrains(
				{
					count: 1,
					owner: one(0),
					firstRegion: one(0),
					regionCount: one(1),
					segmentSize: one(payload.length),
					totalLength: one(payload.length),
					headerOffset: one(0),
					headerLength: one(0),
					regions: {
						offset: one(out),
						length: one(payload.length),
						next: one(-1),
					},
				},
				one(socket.token),
				null,
			);
		},
		receive(): Uint8Array[] {
			const count = io.receiveDatagrams(
				Int32Array.of(socket.token),
				1,
				batch,
				32,
			);
			return Array.from({ length: count }, (_, index) => {
				const offset = batch.offset[index] ?? 0;
				return arena.slice(offset, offset + (batch.length[index] ?? 0));
			});
		},
	};
}

function createTunnel(changes: Partial<TunnelWorkerInput["config"]> = {}) {
	const network = new MemoryNetwork();
	const client = new Rig(network, "client", changes);
	const server = new Rig(network, "server", changes);
	const join = () => {
		if (client.tun !== null && server.tun !== null)
			network.connectTuns(client.tun, server.tun);
	};
	join();
	running.push(client, server);
	return { network, client, server, join };
}

const running: Rig[] = [];
afterEach(() => {
	for (const rig of running.splice(0)) rig.worker.stop();
});

const bytes = (size: number, fill: number) => new Uint8Array(size).fill(fill);

describe("a client's and a server's worker", () => {
	it("carry datagrams there and back, whole, and count every one", async () => {
		const { network, client, server } = createTunnel();
		const target = application(network, { bind: TARGET });
		await until(
			() => client.heard("running") + server.heard("running") === 2,
			"running",
		);
		const user = application(network, { connect: { family: 4, ...LISTEN } });
		user.send(bytes(1_000, 1));
		user.send(bytes(1_460, 2));
		user.send(bytes(1_461, 3));
		const received: Uint8Array[] = [];
		await until(() => {
			received.push(...target.receive());
			return received.length === 2;
		}, "two datagrams");
		expect(received).toEqual([bytes(1_000, 1), bytes(1_460, 2)]);
		await until(
			() => client.sample().drops[DROP["oversize-datagram"]] === 1,
			"the refusal counted",
		);
		expect(server.heard("flow-opened")).toBe(1);
		expect(client.sample().engine.segmentsSent).toBe(2);
	});

	it("packet case 51: they survive a TUN that is deleted: a new one is opened and the flow goes on", async () => {
		const { network, client, server, join } = createTunnel();
		const target = application(network, { bind: TARGET });
		await until(
			() => client.heard("running") + server.heard("running") === 2,
			"running",
		);
		const user = application(network, { connect: { family: 4, ...LISTEN } });
		user.send(bytes(10, 1));
		await until(() => target.receive().length === 1, "the first datagram");
		if (client.tun === null) throw new Error("no TUN");
		network.deleteTun(client.tun);
		await until(() => client.heard("tun-restored") === 1, "tun-restored");
		expect(client.said).toContainEqual({ kind: "tun-lost", cause: "deleted" });
		join();
		user.send(bytes(11, 2));
		await until(
			() => target.receive().length === 1,
			"a datagram on the same flow",
		);
		expect(client.heard("flow-closed")).toBe(0);
	});

	it("wait for a TUN that is down, and count what comes meanwhile", async () => {
		const { network, client, server } = createTunnel();
		await until(
			() => client.heard("running") + server.heard("running") === 2,
			"running",
		);
		if (client.tun === null) throw new Error("no TUN");
		network.setTunDown(client.tun, true);
		await until(() => client.heard("tun-lost") === 1, "tun-lost");
		application(network, { connect: { family: 4, ...LISTEN } }).send(
			bytes(10, 1),
		);
		await until(
			() => (client.sample().drops[DROP["tun-down"]] ?? 0) > 0,
			"the drop counted",
		);
		network.setTunDown(client.tun, false);
		await until(() => client.heard("tun-restored") === 1, "tun-restored");
	});

	it("packet case 53: they keep the flow while the target refuses, say so, and carry again when it is back", async () => {
		const { network, client, server } = createTunnel();
		await until(
			() => client.heard("running") + server.heard("running") === 2,
			"running",
		);
		const user = application(network, { connect: { family: 4, ...LISTEN } });
		await until(() => {
			user.send(bytes(10, 1));
			return server.heard("target-state") === 1;
		}, "the target's state said");
		expect(server.said).toContainEqual({ kind: "target-state", isDown: true });
		const target = application(network, { bind: TARGET });
		user.send(bytes(12, 2));
		await until(() => target.receive().length > 0, "a datagram");
		expect(server.heard("flow-closed")).toBe(0);
	});

	it("throw at no bytes that arrive, and give each packet one fate", async () => {
		const { network, client, server } = createTunnel();
		await until(
			() => client.heard("running") + server.heard("running") === 2,
			"running",
		);
		if (server.tun === null) throw new Error("no TUN");
		for (let size = 0; size < 200; size++) {
			network.inject(
				server.tun,
				Uint8Array.from(
					{ length: size },
					(_, at) => (at * 7 + size * 13) & 255,
				),
			);
		}
		await until(
			() => server.sample().engine.packetsReceived >= 200,
			"all read",
		);
		const { drops, engine } = server.sample();
		let tunDrops = 0;
		for (const [reason, row] of DROP_REASON_ROWS.entries())
			if (row.side === "tun") tunDrops += drops[reason] ?? 0;
		const fates =
			tunDrops +
			engine.packetsDelivered +
			engine.packetsConsumed +
			engine.packetsReassembled +
			engine.packetsTakenAsEvidence;
		expect(fates).toBe(engine.packetsReceived);
	});
});

it("engine and device layer mean the same by a verdict", () => {
	expect(VERDICT).toEqual(PACKET_VERDICT);
});

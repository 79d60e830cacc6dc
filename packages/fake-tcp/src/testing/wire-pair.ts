// A client and a server engine joined by a wire with virtual time: loss, order and cutting are the test's to choose.

import {
	EngineHost,
	type EngineHostOptions,
	type WirePacket,
} from "./engine-host.js";

export type Direction = "to-server" | "to-client";

/** What the wire does with a packet: the packets that arrive instead of it, in order. */
export type Wire = (
	packet: WirePacket,
	direction: Direction,
) => readonly WirePacket[];

const perfectWire: Wire = (packet) => [packet];
/** Bounds exchanges that would never end: a ping-pong is a failure, not a hang. */
const MAX_EXCHANGES = 10_000;

export class WirePair {
	readonly client: EngineHost;
	readonly server: EngineHost;
	nowMs = 1_000;
	wire: Wire = perfectWire;
	/** Everything that was put on the wire, for assertions about the capture. */
	readonly capture: {
		readonly direction: Direction;
		readonly packet: WirePacket;
	}[] = [];

	constructor(
		options: {
			client?: Partial<EngineHostOptions>;
			server?: Partial<EngineHostOptions>;
		} = {},
	) {
		this.client = new EngineHost({
			role: "client",
			seed: 7,
			...options.client,
		});
		this.server = new EngineHost({
			role: "server",
			seed: 11,
			...options.server,
		});
	}

	/** Carries packets both ways until both ends are silent. */
	settle(): void {
		for (let exchange = 0; exchange < MAX_EXCHANGES; exchange++) {
			const toServer = this.client.takeSent();
			const toClient = this.server.takeSent();
			if (toServer.length === 0 && toClient.length === 0) return;
			this.#carry(toServer, "to-server", this.server);
			this.#carry(toClient, "to-client", this.client);
		}
		throw new Error("the two ends never fall silent");
	}

	/** Lets time pass in steps of the tick, carrying what the timers send. */
	advance(durationMs: number, stepMs = 100): void {
		const endMs = this.nowMs + durationMs;
		while (this.nowMs < endMs) {
			this.nowMs = Math.min(endMs, this.nowMs + stepMs);
			for (const host of [this.client, this.server]) {
				host.engine.expire(this.nowMs);
				host.engine.flush();
			}
			this.settle();
		}
	}

	#carry(
		packets: readonly WirePacket[],
		direction: Direction,
		receiver: EngineHost,
	): void {
		for (const packet of packets) {
			this.capture.push({ direction, packet });
			for (const arriving of this.wire(packet, direction))
				receiver.receive(arriving, this.nowMs);
		}
	}
}

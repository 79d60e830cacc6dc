// Server role: every flow has a UDP socket of its own, connected to the target, so that answers find their flow.

import type { Engine, Flow } from "@tunscope/fake-tcp";
import {
	type DatagramBatch,
	type PacketIo,
	type Poller,
	TunError,
	type UdpSocket,
} from "@tunscope/tun";
import { type ApplicationSide, REFUSED } from "./application-side.js";
import { socketAddressText } from "./endpoint-text.js";
import type { ResolvedAddress } from "./worker-protocol.js";

/** ECONNREFUSED on Linux. */
const CONNECTION_REFUSED = 111;
const NO_SOCKET = -1;

export interface ServerTargetsOptions {
	readonly io: PacketIo;
	readonly poller: Poller;
	readonly engine: Engine;
	readonly arena: Uint8Array;
	readonly target: ResolvedAddress;
	readonly maxFlows: number;
	readonly socketBufferBytes: number;
	readonly onTargetState: (isDown: boolean) => void;
	/** No socket could be opened for a flow (too many descriptors …). */
	readonly onOpenFailed: (error: TunError) => void;
}

export class ServerTargets implements ApplicationSide {
	readonly ownerSocket: Int32Array;
	readonly endpoints = null;
	readonly #options: ServerTargetsOptions;
	readonly #sockets: (UdpSocket | undefined)[] = [];
	readonly #slotOfToken = new Map<number, number>();
	readonly #isDown: Uint8Array;
	#closedOverflowDrops = 0;
	#isTargetDown = false;

	constructor(options: ServerTargetsOptions) {
		this.#options = options;
		this.ownerSocket = new Int32Array(options.maxFlows).fill(NO_SOCKET);
		this.#isDown = new Uint8Array(options.maxFlows);
	}

	ownerOf(batch: DatagramBatch, message: number): number {
		const slot = this.#slotOfToken.get(batch.token[message] ?? NO_SOCKET);
		if (slot === undefined) return REFUSED;
		if (this.#isDown[slot] === 1) this.#markTarget(slot, false);
		return slot;
	}

	socketFailed(token: number, errno: number): void {
		const slot = this.#slotOfToken.get(token);
		if (slot !== undefined && errno === CONNECTION_REFUSED)
			this.#markTarget(slot, true);
	}

	/** A delivery to this flow's target was refused: the flow is kept, because the target may come back. */
	targetRefused(slot: number): void {
		this.#markTarget(slot, true);
	}

	flowOpened(flow: Flow): void {
		const { io, poller, arena, target, socketBufferBytes } = this.#options;
		try {
			const socket = io.openUdp({
				arena,
				connect: target,
				receiveBufferBytes: socketBufferBytes,
				sendBufferBytes: socketBufferBytes,
			});
			this.#sockets[flow.slot] = socket;
			this.ownerSocket[flow.slot] = socket.token;
			this.#slotOfToken.set(socket.token, flow.slot);
			poller.add(socket, socket.token);
		} catch (error) {
			if (!(error instanceof TunError)) throw error;
			this.#options.onOpenFailed(error);
		}
	}

	flowClosed(flow: Flow): void {
		const socket = this.#sockets[flow.slot];
		if (socket === undefined) return;
		this.#closedOverflowDrops += socket.overflowDrops;
		this.#options.poller.remove(socket);
		socket.close();
		this.#slotOfToken.delete(socket.token);
		this.#sockets[flow.slot] = undefined;
		this.ownerSocket[flow.slot] = NO_SOCKET;
		this.#isDown[flow.slot] = 0;
	}

	describeApplication(slot: number): string {
		const local = this.#sockets[slot]?.localAddress;
		if (local === undefined) return "–";
		return socketAddressText(local);
	}

	isTargetDown(slot: number): boolean {
		return this.#isDown[slot] === 1;
	}

	overflowDrops(): number {
		let total = this.#closedOverflowDrops;
		for (const socket of this.#sockets) total += socket?.overflowDrops ?? 0;
		return total;
	}

	close(): void {
		for (const flow of [...this.#options.engine.flows]) this.flowClosed(flow);
	}

	#markTarget(slot: number, isDown: boolean): void {
		this.#isDown[slot] = isDown ? 1 : 0;
		if (isDown === this.#isTargetDown) return;
		this.#isTargetDown = isDown;
		this.#options.onTargetState(isDown);
	}
}

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
/** Between two changes of the target, while all refuse. */
const TURN_INTERVAL_MS = 1_000;

export interface ServerTargetsOptions {
	readonly io: PacketIo;
	readonly poller: Poller;
	readonly engine: Engine;
	readonly arena: Uint8Array;
	/** At least one; the first is used until it refuses. */
	readonly targets: readonly ResolvedAddress[];
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
	#targets: readonly ResolvedAddress[];
	/** Since the last turn to another target. */
	#hasRefused = false;
	/** Turns since a target last answered. */
	#turns = 0;
	#turnedMs = Number.NEGATIVE_INFINITY;

	constructor(options: ServerTargetsOptions) {
		this.#options = options;
		this.#targets = options.targets;
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
		const { io, poller, arena, socketBufferBytes } = this.#options;
		const [target] = this.#targets;
		if (target === undefined) return;
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

	/** New flows go to the new targets; those that are open keep theirs unless it refuses. */
	replaceRemotes(remotes: readonly ResolvedAddress[]): void {
		if (remotes.length === 0) return;
		this.#targets = remotes;
		this.#turns = 0;
		if (this.#isTargetDown) this.#reconnectRefused();
	}

	/** Nothing to renew: a client begins its flows, and a target is no further than this host's own sockets reach. */
	renewFlows(): void {}

	reconnect(): void {}

	flowRenewed(): void {}

	/** A target that refuses is left for the next one, and comes round again: a service may be slow to start. */
	tend(nowMs: number): boolean {
		if (!this.#isTargetDown) return false;
		const isDue = nowMs - this.#turnedMs >= TURN_INTERVAL_MS;
		if (this.#hasRefused && isDue && this.#targets.length > 1) {
			this.#hasRefused = false;
			this.#turnedMs = nowMs;
			this.#turns++;
			const [refusing, ...others] = this.#targets;
			this.#targets = refusing === undefined ? [] : [...others, refusing];
			this.#reconnectRefused();
		}
		return this.#turns >= this.#targets.length - 1;
	}

	/** Gives the flows whose target refused a socket to the one that is first now. */
	#reconnectRefused(): void {
		for (const flow of this.#options.engine.flows) {
			if (this.#isDown[flow.slot] !== 1) continue;
			this.flowClosed(flow);
			this.flowOpened(flow);
			// Until the new one answers.
			this.#isDown[flow.slot] = 1;
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
		if (isDown) this.#hasRefused = true;
		if (isDown === this.#isTargetDown) return;
		this.#isTargetDown = isDown;
		if (!isDown) this.#turns = 0;
		this.#options.onTargetState(isDown);
	}
}

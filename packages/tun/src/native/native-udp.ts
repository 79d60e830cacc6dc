// A UDP socket of the kernel, and all sockets of one factory together: batches go through the latter.

import { endpointWords, remoteAddress } from "../endpoint-words.js";
import type { GatherTrains } from "../gather-trains.js";
import { invariant } from "../invariant.js";
import { checkUdpOptions } from "../open-options.js";
import { throwOnFault } from "../train-faults.js";
import type {
	DatagramBatch,
	SocketAddress,
	UdpOpenOptions,
	UdpSendOutcome,
	UdpSocket,
} from "../udp-socket.js";
import type { NativeAddon } from "./addon.js";
import { checkArenaIsHere, NativeDatagramBatch } from "./native-batches.js";
import type { TrainRegistry } from "./registered-trains.js";
import { translateFailure } from "./system-failure.js";

/** Where openUdp leaves the local endpoint in `outcome`. */
const LOCAL_ENDPOINT_WORD = 4;

function describe({ bind, connect }: UdpOpenOptions): string {
	const target = bind ?? connect;
	const verb = bind === undefined ? "connected to" : "bound to";
	return `open a UDP socket ${verb} ${target?.address} port ${target?.port}`;
}

export class NativeUdp implements UdpSocket {
	readonly token: number;
	readonly localAddress: SocketAddress;
	readonly receiveBufferBytes: number;
	readonly arena: Uint8Array;
	readonly arenaLength: number;
	readonly #addon: NativeAddon;
	readonly #hasGro: boolean;
	readonly #onClose: (socket: NativeUdp) => void;
	#isOpen = true;
	#hasSegmentation: boolean;
	#overflowDrops = 0;

	constructor(
		addon: NativeAddon,
		options: UdpOpenOptions,
		onClose: (socket: NativeUdp) => void,
	) {
		checkUdpOptions(options);
		this.token = addon.openUdp(
			endpointWords(options.bind),
			endpointWords(options.connect),
			options.dualStack === true ? 1 : 0,
			options.offloads === "none" ? 0 : 1,
			options.receiveBufferBytes ?? 0,
			options.sendBufferBytes ?? 0,
			options.arena,
		);
		const [first = 0, second = 0, third = 0] = addon.outcome;
		if (this.token < 0) {
			throw translateFailure(describe(options), first, second);
		}
		this.#addon = addon;
		this.#onClose = onClose;
		this.arena = options.arena;
		this.arenaLength = options.arena.length;
		this.receiveBufferBytes = first;
		this.#hasGro = second === 1;
		this.#hasSegmentation = third === 1;
		this.localAddress = remoteAddress(addon.outcome, LOCAL_ENDPOINT_WORD);
	}

	get offloads(): { readonly gro: boolean; readonly segmentation: boolean } {
		this.#refresh();
		return { gro: this.#hasGro, segmentation: this.#hasSegmentation };
	}

	get overflowDrops(): number {
		this.#refresh();
		return this.#overflowDrops;
	}

	get isOpen(): boolean {
		return this.#isOpen;
	}

	close(): void {
		if (!this.#isOpen) {
			return;
		}
		this.#refresh();
		this.#isOpen = false;
		this.#addon.closeUdp(this.token);
		this.#onClose(this);
	}

	#refresh(): void {
		// After closing, the token may name another socket.
		if (this.#isOpen && this.#addon.udpState(this.token) === 0) {
			this.#overflowDrops = (this.#addon.outcome[0] ?? 0) >>> 0;
			this.#hasSegmentation = this.#addon.outcome[1] === 1;
		}
	}
}

export class NativeUdpSockets {
	readonly #addon: NativeAddon;
	readonly #trains: TrainRegistry;
	/** Also keeps the arenas alive: a token works even when nobody holds the socket object any more. */
	readonly #open = new Set<NativeUdp>();
	readonly #outcome: UdpSendOutcome = {
		datagramsSent: 0,
		datagramsDroppedQueueFull: 0,
		refusals: 0,
		lastRefusedOwner: -1,
		datagramsDroppedTooBig: 0,
		datagramsDroppedOther: 0,
		lastErrno: 0,
	};
	/** The arenas of open sockets, each once: nearly always one. */
	#arenas: { arena: Uint8Array; length: number }[] = [];

	constructor(addon: NativeAddon, trains: TrainRegistry) {
		this.#addon = addon;
		this.#trains = trains;
	}

	open(options: UdpOpenOptions): NativeUdp {
		const socket = new NativeUdp(this.#addon, options, (closed) => {
			this.#open.delete(closed);
			this.#collectArenas();
		});
		this.#open.add(socket);
		this.#collectArenas();
		return socket;
	}

	receive(
		tokens: Int32Array,
		tokenCount: number,
		batch: DatagramBatch,
		limit: number,
	): number {
		invariant(
			batch instanceof NativeDatagramBatch,
			"The batch was not made by this factory.",
		);
		checkArenaIsHere(batch.arena, batch.arenaLength);
		batch.count = this.#addon.receiveDatagrams(
			tokens,
			tokenCount,
			batch.registered,
			limit,
		);
		batch.errorCount = this.#addon.outcome[0] ?? 0;
		return batch.count;
	}

	send(
		trains: GatherTrains,
		ownerSocket: Int32Array,
		endpoints: Int32Array | null,
	): UdpSendOutcome {
		for (const { arena, length } of this.#arenas) {
			checkArenaIsHere(arena, length);
		}
		const fault = this.#addon.sendTrains(
			this.#trains.of(trains),
			trains.count,
			ownerSocket,
			endpoints,
		);
		const words = this.#addon.outcome;
		const outcome = this.#outcome;
		outcome.datagramsSent = words[0] ?? 0;
		outcome.datagramsDroppedQueueFull = words[1] ?? 0;
		outcome.refusals = words[2] ?? 0;
		outcome.lastRefusedOwner = words[3] ?? -1;
		outcome.datagramsDroppedTooBig = words[4] ?? 0;
		outcome.datagramsDroppedOther = words[5] ?? 0;
		outcome.lastErrno = words[6] ?? 0;
		throwOnFault(fault);
		return outcome;
	}

	#collectArenas(): void {
		const lengths = new Map<Uint8Array, number>();
		for (const { arena, arenaLength } of this.#open) {
			lengths.set(arena, arenaLength);
		}
		this.#arenas = [...lengths].map(([arena, length]) => ({ arena, length }));
	}
}

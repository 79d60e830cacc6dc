// A TUN device of the kernel.

import type { GatherTrains } from "../gather-trains.js";
import { invariant } from "../invariant.js";
import { checkTunOptions } from "../open-options.js";
import { throwOnFault } from "../train-faults.js";
import type {
	PacketBatch,
	TunDevice,
	TunOffloads,
	TunOpenOptions,
	TunWriteOutcome,
} from "../tun-device.js";
import { type NativeAddon, OFFLOAD } from "./addon.js";
import { checkArenaIsHere, NativePacketBatch } from "./native-batches.js";
import type { TrainRegistry } from "./registered-trains.js";
import { translateFailure } from "./system-failure.js";

const EVERY_OFFLOAD =
	OFFLOAD.virtioHeader | OFFLOAD.checksum | OFFLOAD.tso4 | OFFLOAD.tso6;

/** What a TUN device needs from the factory that opens it. */
export interface NativeTunParts {
	readonly addon: NativeAddon;
	readonly trains: TrainRegistry;
}

/** More than any batch holds. */
const MAX_PACKETS = 0x7fff_ffff;

export class NativeTun implements TunDevice {
	readonly name: string;
	readonly interfaceIndex: number;
	readonly offloads: TunOffloads;
	/** What native code calls this device; -1 once closed. */
	slot: number;
	readonly #parts: NativeTunParts;
	readonly #arena: Uint8Array;
	readonly #arenaLength: number;
	readonly #outcome: TunWriteOutcome = {
		segmentsWritten: 0,
		segmentsDroppedQueueFull: 0,
		segmentsDroppedDeviceDown: 0,
		segmentsDroppedOther: 0,
		lastErrno: 0,
		isGone: false,
	};

	/** @param offloadWish bits of OFFLOAD, for tests that look at one offload alone. */
	constructor(
		parts: NativeTunParts,
		options: TunOpenOptions,
		offloadWish = options.offloads === "none" ? 0 : EVERY_OFFLOAD,
	) {
		const name = checkTunOptions(options);
		const { addon } = parts;
		this.slot = addon.openTun(name, offloadWish, options.arena);
		const [first = 0, second = 0] = addon.outcome;
		if (this.slot < 0) {
			throw translateFailure(`open the TUN device "${name}"`, first, second);
		}
		this.#parts = parts;
		this.#arena = options.arena;
		this.#arenaLength = options.arena.length;
		this.interfaceIndex = first;
		this.name = addon.tunName(this.slot);
		this.offloads = {
			checksum: (second & OFFLOAD.checksum) !== 0,
			tso4: (second & OFFLOAD.tso4) !== 0,
			tso6: (second & OFFLOAD.tso6) !== 0,
		};
	}

	readBatch(batch: PacketBatch, limit = MAX_PACKETS): number {
		invariant(
			batch instanceof NativePacketBatch,
			"The batch was not made by this factory.",
		);
		checkArenaIsHere(batch.arena, batch.arenaLength);
		const count = this.#parts.addon.readBatch(
			this.slot,
			batch.registered,
			limit,
		);
		batch.count = count < 0 ? 0 : count;
		return count;
	}

	writeTrains(trains: GatherTrains): TunWriteOutcome {
		checkArenaIsHere(this.#arena, this.#arenaLength);
		const { addon } = this.#parts;
		const registered = this.#parts.trains.of(trains);
		const fault = addon.writeTrains(this.slot, registered, trains.count);
		const words = addon.outcome;
		const outcome = this.#outcome;
		outcome.segmentsWritten = words[0] ?? 0;
		outcome.segmentsDroppedQueueFull = words[1] ?? 0;
		outcome.segmentsDroppedDeviceDown = words[2] ?? 0;
		outcome.segmentsDroppedOther = words[3] ?? 0;
		outcome.lastErrno = words[4] ?? 0;
		outcome.isGone = words[5] === 1;
		throwOnFault(fault);
		return outcome;
	}

	linkMtuBytes(): number {
		const { addon } = this.#parts;
		const linkMtuBytes = addon.tunMtu(this.slot);
		if (linkMtuBytes < 0) {
			const [errno = 0, syscall = 0] = addon.outcome;
			throw translateFailure(`read the MTU of ${this.name}`, errno, syscall);
		}
		return linkMtuBytes;
	}

	close(): void {
		if (this.slot >= 0) {
			this.#parts.addon.closeTun(this.slot);
			this.slot = -1;
		}
	}
}

// The batches that native code fills: typed arrays on shared memory, which nobody can detach from under it.

import type { ArenaRegion } from "../arena-regions.js";
import { invariant } from "../invariant.js";
import type { PacketBatch } from "../tun-device.js";
import { type DatagramBatch, ENDPOINT_WORDS } from "../udp-socket.js";
import type { NativeAddon, Registered } from "./addon.js";

/** More errors than sockets can have pending in one round; further ones wait for the next round. */
const ERROR_CAPACITY = 64;

function sharedWords(count: number): Int32Array {
	return new Int32Array(
		new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT),
	);
}

function sharedBytes(count: number): Uint8Array {
	return new Uint8Array(new SharedArrayBuffer(count));
}

/** Native code holds the arena's address: throws when the arena's buffer was transferred away. */
export function checkArenaIsHere(arena: Uint8Array, length: number): void {
	if (arena.length !== length) {
		invariant(false, "The arena's buffer was taken away.");
	}
}

export class NativePacketBatch implements PacketBatch {
	count = 0;
	readonly capacity: number;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	readonly segmentSize: Int32Array;
	readonly verdict: Uint8Array;
	readonly registered: Registered;
	readonly arena: Uint8Array;
	readonly arenaLength: number;

	constructor(addon: NativeAddon, region: ArenaRegion, capacity: number) {
		this.capacity = capacity;
		this.offset = sharedWords(capacity);
		this.length = sharedWords(capacity);
		this.segmentSize = sharedWords(capacity);
		this.verdict = sharedBytes(capacity);
		this.arena = region.arena;
		this.arenaLength = region.arena.length;
		this.registered = addon.registerPackets(
			region.arena,
			region.offset,
			region.length,
			this.offset,
			this.length,
			this.segmentSize,
			this.verdict,
		);
	}
}

export class NativeDatagramBatch implements DatagramBatch {
	count = 0;
	errorCount = 0;
	readonly capacity: number;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	readonly segmentSize: Int32Array;
	readonly token: Int32Array;
	readonly endpoint: Int32Array;
	readonly errorToken = sharedWords(ERROR_CAPACITY);
	readonly errorNumber = sharedWords(ERROR_CAPACITY);
	readonly registered: Registered;
	readonly arena: Uint8Array;
	readonly arenaLength: number;

	constructor(addon: NativeAddon, region: ArenaRegion, capacity: number) {
		this.capacity = capacity;
		this.offset = sharedWords(capacity);
		this.length = sharedWords(capacity);
		this.segmentSize = sharedWords(capacity);
		this.token = sharedWords(capacity);
		this.endpoint = sharedWords(capacity * ENDPOINT_WORDS);
		this.arena = region.arena;
		this.arenaLength = region.arena.length;
		this.registered = addon.registerDatagrams(
			region.arena,
			region.offset,
			this.offset,
			this.length,
			this.segmentSize,
			this.token,
			this.endpoint,
			this.errorToken,
			this.errorNumber,
		);
	}
}

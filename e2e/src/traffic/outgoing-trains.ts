// Collects datagram trains in an arena until one system call sends them.

import type { GatherTrains } from "@tunscope/tun";

export const TRAIN_ARENA_BYTES = 1024 * 1024;
const MAX_TRAINS = 64;

interface CountedTrains extends GatherTrains {
	count: number;
}

export class OutgoingTrains {
	readonly batch: CountedTrains = {
		count: 0,
		owner: new Int32Array(MAX_TRAINS),
		firstRegion: new Int32Array(MAX_TRAINS),
		regionCount: new Int32Array(MAX_TRAINS).fill(1),
		segmentSize: new Int32Array(MAX_TRAINS),
		totalLength: new Int32Array(MAX_TRAINS),
		headerOffset: new Int32Array(MAX_TRAINS),
		headerLength: new Int32Array(MAX_TRAINS),
		regions: {
			offset: new Int32Array(MAX_TRAINS),
			length: new Int32Array(MAX_TRAINS),
			next: new Int32Array(MAX_TRAINS).fill(-1),
		},
	};
	readonly #arena: Buffer;
	readonly #start: number;
	#used = 0;

	/** @param start where `TRAIN_ARENA_BYTES` of the arena are free for trains. */
	constructor(arena: Buffer, start: number) {
		this.#arena = arena;
		this.#start = start;
	}

	hasRoom(bytes: number): boolean {
		return (
			this.batch.count < MAX_TRAINS && this.#used + bytes <= TRAIN_ARENA_BYTES
		);
	}

	/** Copies the bytes. @param owner who gets it, as `sendTrains` understands owners. */
	add(owner: number, bytes: Buffer, segmentBytes: number): void {
		const { batch } = this;
		const train = batch.count;
		const offset = this.#start + this.#used;
		bytes.copy(this.#arena, offset);
		batch.owner[train] = owner;
		batch.firstRegion[train] = train;
		batch.segmentSize[train] = segmentBytes;
		batch.totalLength[train] = bytes.length;
		batch.regions.offset[train] = offset;
		batch.regions.length[train] = bytes.length;
		batch.count += 1;
		this.#used += bytes.length;
	}

	clear(): void {
		this.batch.count = 0;
		this.#used = 0;
	}
}

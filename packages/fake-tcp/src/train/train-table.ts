// Trains: runs of equal-size datagrams of one owner that travel in one system call, collected from a batch in any order of owners.

import { invariant } from "../invariant.js";

const NONE = -1;

/** A batch's regions of the arena, linked into trains. Shared by the tables that describe the same bytes. */
export class RegionTable {
	readonly offset: Int32Array;
	readonly length: Int32Array;
	/** Index of the next region of the same train, -1 for the last. */
	readonly next: Int32Array;
	count = 0;

	constructor(readonly capacity: number) {
		this.offset = new Int32Array(capacity);
		this.length = new Int32Array(capacity);
		this.next = new Int32Array(capacity);
	}

	add(offset: number, length: number): number {
		invariant(
			this.count < this.capacity,
			"a region table is flushed before it overflows",
		);
		const region = this.count++;
		this.offset[region] = offset;
		this.length[region] = length;
		this.next[region] = NONE;
		return region;
	}

	clear(): void {
		this.count = 0;
	}
}

export interface TrainTableOptions {
	readonly regions: RegionTable;
	/** Trains it can hold. */
	readonly capacity: number;
	/** Owners are 0 … ownerCount − 1 (flow slots). */
	readonly ownerCount: number;
	readonly maxTrainBytes: number;
	readonly maxSegmentsPerTrain: number;
}

/**
 * Groups by owner, so that interleaved flows still travel in long trains (10 flows: more than twice the speed).
 * Order within an owner is kept; between owners it is not, which is nobody's concern.
 */
export class TrainTable {
	count = 0;
	readonly regions: RegionTable;
	readonly capacity: number;
	readonly owner: Int32Array;
	readonly firstRegion: Int32Array;
	readonly regionCount: Int32Array;
	/** Octets of every datagram but the last; 0 for an IP fragment, which is written as it stands. */
	readonly segmentSize: Int32Array;
	readonly totalLength: Int32Array;
	/** Place of the IP and TCP header in the arena; length 0 while there is none. */
	readonly headerOffset: Int32Array;
	readonly headerLength: Int32Array;

	readonly #lastRegion: Int32Array;
	/** The train that an owner's next datagram may join, valid while the stamp is this batch's. */
	readonly #openTrain: Int32Array;
	readonly #openStamp: Int32Array;
	#stamp = 1;
	#maxTrainBytes: number;
	readonly #maxSegmentsPerTrain: number;

	constructor(options: TrainTableOptions) {
		this.regions = options.regions;
		this.capacity = options.capacity;
		this.owner = new Int32Array(options.capacity);
		this.firstRegion = new Int32Array(options.capacity);
		this.regionCount = new Int32Array(options.capacity);
		this.segmentSize = new Int32Array(options.capacity);
		this.totalLength = new Int32Array(options.capacity);
		this.headerOffset = new Int32Array(options.capacity);
		this.headerLength = new Int32Array(options.capacity);
		this.#lastRegion = new Int32Array(options.capacity);
		this.#openTrain = new Int32Array(options.ownerCount);
		this.#openStamp = new Int32Array(options.ownerCount);
		this.#maxTrainBytes = options.maxTrainBytes;
		this.#maxSegmentsPerTrain = options.maxSegmentsPerTrain;
	}

	/** True when another message of up to `segments` datagrams fits for certain. */
	hasRoomFor(segments: number): boolean {
		return (
			this.count + segments <= this.capacity &&
			this.regions.count + segments <= this.regions.capacity
		);
	}

	/**
	 * Adds a message: datagrams of `segmentSize` octets (the last possibly shorter) that lie one after another
	 * in `length` octets from `offset`. Lengthens the owner's open train or begins another.
	 */
	append(
		owner: number,
		offset: number,
		length: number,
		segmentSize: number,
	): void {
		let at = offset;
		let left = length;
		while (left > 0) {
			const open =
				this.#openStamp[owner] === this.#stamp
					? (this.#openTrain[owner] ?? NONE)
					: NONE;
			const room = open === NONE ? 0 : this.#roomIn(open, left, segmentSize);
			if (room > 0) {
				this.#extend(open, at, room);
				at += room;
				left -= room;
				continue;
			}
			const size = Math.min(left, segmentSize);
			const taken = Math.min(left, this.#largestRun(size));
			this.#begin(owner, at, taken);
			this.segmentSize[this.count - 1] = size;
			at += taken;
			left -= taken;
		}
	}

	/** Adds a segment that is ready to go and has no payload. @returns its index. */
	addBare(
		owner: number,
		header: { readonly offset: number; readonly length: number },
	): number {
		const train = this.#next(owner);
		this.headerOffset[train] = header.offset;
		this.headerLength[train] = header.length;
		this.firstRegion[train] = NONE;
		this.regionCount[train] = 0;
		this.segmentSize[train] = 0;
		this.totalLength[train] = 0;
		return train;
	}

	/** Gives the train the payload of a train in `source`, which must share this table's regions. */
	takePayload(train: number, source: TrainTable, sourceTrain: number): void {
		this.firstRegion[train] = source.firstRegion[sourceTrain] ?? NONE;
		this.regionCount[train] = source.regionCount[sourceTrain] ?? 0;
		this.segmentSize[train] = source.segmentSize[sourceTrain] ?? 0;
		this.totalLength[train] = source.totalLength[sourceTrain] ?? 0;
	}

	/** Gives the train one region of payload: datagrams of `segmentSize` octets, the last possibly shorter; see there for 0. */
	setPayload(train: number, region: number, segmentSize: number): void {
		this.firstRegion[train] = region;
		this.regionCount[train] = 1;
		this.segmentSize[train] = segmentSize;
		this.totalLength[train] = this.regions.length[region] ?? 0;
	}

	/** Calls `visit` with the place of every datagram of a train, in order: the slow path, for copies and refusals. */
	forEachDatagram(
		train: number,
		visit: (offset: number, length: number) => void,
	): void {
		const size = this.segmentSize[train] ?? 0;
		for (
			let region = this.firstRegion[train] ?? NONE;
			region !== NONE;
			region = this.regions.next[region] ?? NONE
		) {
			const start = this.regions.offset[region] ?? 0;
			const length = this.regions.length[region] ?? 0;
			for (let at = 0; at < length; at += size)
				visit(start + at, Math.min(size, length - at));
		}
	}

	/** Forgets all trains; regions are the caller's to clear, because tables share them. */
	clear(): void {
		this.count = 0;
		this.#stamp = (this.#stamp + 1) | 0;
	}

	#largestRun(segmentSize: number): number {
		const segments = Math.min(
			this.#maxSegmentsPerTrain,
			Math.floor(this.#maxTrainBytes / segmentSize),
		);
		return Math.max(1, segments) * segmentSize;
	}

	/** Octets of the message that may join the train: 0, or a whole number of datagrams. */
	#roomIn(train: number, length: number, segmentSize: number): number {
		const trainSize = this.segmentSize[train] ?? 0;
		const total = this.totalLength[train] ?? 0;
		// A shorter last datagram has closed the train.
		if (total % trainSize !== 0) return 0;
		if (
			segmentSize !== trainSize &&
			(segmentSize > trainSize || length > segmentSize)
		)
			return 0;
		const free = this.#largestRun(trainSize) - total;
		if (length <= free) return length;
		return Math.floor(free / trainSize) * trainSize;
	}

	#begin(owner: number, offset: number, length: number): void {
		const train = this.#next(owner);
		const region = this.regions.add(offset, length);
		this.headerLength[train] = 0;
		this.firstRegion[train] = region;
		this.#lastRegion[train] = region;
		this.regionCount[train] = 1;
		this.totalLength[train] = length;
		this.#openTrain[owner] = train;
		this.#openStamp[owner] = this.#stamp;
	}

	#extend(train: number, offset: number, length: number): void {
		const last = this.#lastRegion[train] ?? 0;
		this.totalLength[train] = (this.totalLength[train] ?? 0) + length;
		const lastEnd =
			(this.regions.offset[last] ?? 0) + (this.regions.length[last] ?? 0);
		// Neighbours in memory stay one region: one iovec less.
		if (lastEnd === offset) {
			this.regions.length[last] = (this.regions.length[last] ?? 0) + length;
			return;
		}
		const region = this.regions.add(offset, length);
		this.regions.next[last] = region;
		this.#lastRegion[train] = region;
		this.regionCount[train] = (this.regionCount[train] ?? 0) + 1;
	}

	#next(owner: number): number {
		invariant(
			this.count < this.capacity,
			"a train table is flushed before it overflows",
		);
		const train = this.count++;
		this.owner[train] = owner;
		return train;
	}
}

/** How many datagrams a run of `totalLength` octets holds; an IP fragment (size 0) counts one. */
export function segmentsIn(totalLength: number, segmentSize: number): number {
	return totalLength <= segmentSize || segmentSize === 0
		? 1
		: Math.ceil(totalLength / segmentSize);
}

/** Datagrams in a train of the table. */
export function datagramsIn(trains: TrainTable, train: number): number {
	return segmentsIn(
		trains.totalLength[train] ?? 0,
		trains.segmentSize[train] ?? 0,
	);
}

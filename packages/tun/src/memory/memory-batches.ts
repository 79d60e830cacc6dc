// Batches of the in-memory implementation: the same arrays, filled by JavaScript.

import type { ArenaRegion } from "../arena-regions.js";
import type { PacketBatch } from "../tun-device.js";
import { type DatagramBatch, ENDPOINT_WORDS } from "../udp-socket.js";

const ERROR_CAPACITY = 64;

export class MemoryPacketBatch implements PacketBatch {
	count = 0;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	readonly segmentSize: Int32Array;
	readonly verdict: Uint8Array;

	constructor(
		readonly region: ArenaRegion,
		readonly capacity: number,
	) {
		this.offset = new Int32Array(capacity);
		this.length = new Int32Array(capacity);
		this.segmentSize = new Int32Array(capacity);
		this.verdict = new Uint8Array(capacity);
	}
}

export class MemoryDatagramBatch implements DatagramBatch {
	count = 0;
	errorCount = 0;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	readonly segmentSize: Int32Array;
	readonly token: Int32Array;
	readonly endpoint: Int32Array;
	readonly errorToken = new Int32Array(ERROR_CAPACITY);
	readonly errorNumber = new Int32Array(ERROR_CAPACITY);

	constructor(
		readonly region: ArenaRegion,
		readonly capacity: number,
	) {
		this.offset = new Int32Array(capacity);
		this.length = new Int32Array(capacity);
		this.segmentSize = new Int32Array(capacity);
		this.token = new Int32Array(capacity);
		this.endpoint = new Int32Array(capacity * ENDPOINT_WORDS);
	}

	/** False when there is no room for another error. */
	noteError(token: number, errno: number): boolean {
		if (this.errorCount === ERROR_CAPACITY) {
			return false;
		}
		this.errorToken[this.errorCount] = token;
		this.errorNumber[this.errorCount] = errno;
		this.errorCount += 1;
		return true;
	}
}

// Flows in SYN-RECEIVED: the oldest first, and how many of them one source has.

import type { IpFamily } from "../wire/ip-address.js";
import type { Flow } from "./flow.js";
import { type HashKey, halfSipHash } from "./half-siphash.js";

const BUCKETS = 4_096;

/**
 * A source is a /24 (IPv4) or a /64 (IPv6): what one attacker is commonly given, so that changing the address within it
 * wins nothing. Sources are counted in hashed buckets; two that share one share its limit.
 */
export class HalfOpenFlows {
	readonly #flows = new Set<Flow>();
	readonly #counts = new Uint16Array(BUCKETS);
	readonly #key: HashKey;
	readonly #words = new Int32Array(2);
	readonly #range = { start: 0, count: 2 };

	constructor(key: HashKey) {
		this.#key = key;
	}

	get size(): number {
		return this.#flows.size;
	}

	/** Half-open flows of this address's source. */
	countOfSource(address: Int32Array, family: IpFamily): number {
		return this.#counts[this.#bucketOf(address, family)] ?? 0;
	}

	add(flow: Flow): void {
		this.#flows.add(flow);
		const bucket = this.#bucketOf(flow.key, flow.family);
		this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
	}

	/** Nothing happens when it is not half-open. */
	delete(flow: Flow): void {
		if (!this.#flows.delete(flow)) return;
		const bucket = this.#bucketOf(flow.key, flow.family);
		this.#counts[bucket] = (this.#counts[bucket] ?? 0) - 1;
	}

	oldest(): Flow | undefined {
		for (const flow of this.#flows) return flow;
		return undefined;
	}

	#bucketOf(address: Int32Array, family: IpFamily): number {
		// An IPv4 address stands in the last of the four words.
		this.#words[0] = family === 4 ? 4 : (address[0] ?? 0);
		this.#words[1] = family === 4 ? (address[3] ?? 0) >>> 8 : (address[1] ?? 0);
		return halfSipHash(this.#key, this.#words, this.#range) & (BUCKETS - 1);
	}
}

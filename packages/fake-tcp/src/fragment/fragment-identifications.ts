// Identifications of fragmented datagrams: one counter for all flows to a peer address, because reassembly knows no ports.

/** Peers share a counter when there are more of them; what one peer sees still never repeats early. */
const COUNTERS = 256;
const ADDRESS_WORDS = 4;

/** A keyed hash of the first `count` words. */
type AddressHash = (words: Int32Array, count: number) => number;

export class FragmentIdentifications {
	readonly #hash: AddressHash;
	/** How many each has given out; where it began is a matter of the key. */
	readonly #given = new Int32Array(COUNTERS);
	readonly #counter = new Int32Array(1);

	constructor(hash: AddressHash) {
		this.#hash = hash;
	}

	/**
	 * RFC 6864 §4.3: source, destination and protocol decide within what it must not repeat. RFC 7739 §5.2: it begins
	 * where nobody outside can foresee.
	 * @param remote the peer's address words.
	 * @returns 32 bits; IPv4 takes the lower 16.
	 */
	next(remote: Int32Array): number {
		const counter = this.#hash(remote, ADDRESS_WORDS) & (COUNTERS - 1);
		this.#counter[0] = counter;
		const given = this.#given[counter] ?? 0;
		this.#given[counter] = given + 1;
		return (this.#hash(this.#counter, 1) + given) | 0;
	}
}

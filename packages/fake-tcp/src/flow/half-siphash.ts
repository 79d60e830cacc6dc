// HalfSipHash (Aumasson & Bernstein): a keyed hash of 32-bit words, so that nobody outside can choose collisions or foresee sequence numbers.

/** Two secret words. */
export interface HashKey {
	readonly k0: number;
	readonly k1: number;
}

/**
 * Hashes `count` words from `words[start]`. One compression round per word and three at the end (the "1-3" form
 * that Linux uses for hash tables). The result is a signed 32-bit integer.
 */
export function halfSipHash(
	key: HashKey,
	words: Int32Array,
	range: { start: number; count: number },
): number {
	let v0 = key.k0;
	let v1 = key.k1;
	let v2 = 0x6c796765 ^ key.k0;
	let v3 = 0x74656462 ^ key.k1;
	const end = range.start + range.count;
	// The last turn takes the length, the next three are the finalization; one loop keeps the state in registers.
	for (let at = range.start; at < end + 4; at++) {
		const message =
			at < end ? (words[at] ?? 0) : at === end ? range.count << 26 : 0;
		v3 ^= message;
		if (at === end + 1) v2 ^= 0xff;
		v0 = (v0 + v1) | 0;
		v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
		v0 = (v0 << 16) | (v0 >>> 16);
		v2 = (v2 + v3) | 0;
		v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
		v0 = (v0 + v3) | 0;
		v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
		v2 = (v2 + v1) | 0;
		v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
		v2 = (v2 << 16) | (v2 >>> 16);
		v0 ^= message;
	}
	return (v1 ^ v3) | 0;
}

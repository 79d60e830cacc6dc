// SYN cookies: what a server has to remember of a SYN, in the ISN of its answer (RFC 4987 §3.6).

import { type HashKey, halfSipHash } from "./half-siphash.js";

/**
 * 0 means that the SYN had no MSS after window scale. The others are what links of 576, 1,260, 1,400, 1,440, 1,480,
 * 1,500 and 9,000 octets leave (the last for IPv6), rounded to what is common.
 */
export const COOKIE_MSS = [0, 536, 1_220, 1_360, 1_400, 1_440, 1_460, 8_940];

/** A cookie is good in the step in which it was made and the next one. Stock gives up after three seconds. */
const STEP_MS = 8_000;
export const COOKIE_VALID_MS = 2 * STEP_MS;
const MSS_BITS = 3;
const MSS_MASK = (1 << MSS_BITS) - 1;
/** One bit tells which of the two steps; 28 bits are left to be guessed. */
const STEP_SHIFT = MSS_BITS;
const HASH_SHIFT = STEP_SHIFT + 1;
/** Remote address, ports, step, place in the table. */
const WORDS = 7;

export class SynCookies {
	readonly #key: HashKey;
	readonly #words = new Int32Array(WORDS);
	readonly #range = { start: 0, count: WORDS };

	constructor(key: HashKey) {
		this.#key = key;
	}

	/** @param mss from the SYN; 0 when there was none after window scale. @returns the ISN of the answer. */
	make(remote: Int32Array, ports: number, mss: number, nowMs: number): number {
		const step = Math.floor(nowMs / STEP_MS);
		return this.#cookie(remote, ports, step, placeOf(mss));
	}

	/** @returns place in `COOKIE_MSS`, or -1 when this ISN was not made for these addresses, or too long ago. */
	check(remote: Int32Array, ports: number, isn: number, nowMs: number): number {
		const place = isn & MSS_MASK;
		const now = Math.floor(nowMs / STEP_MS);
		const isThisStep = ((isn >>> STEP_SHIFT) & 1) === (now & 1);
		const step = isThisStep ? now : now - 1;
		return this.#cookie(remote, ports, step, place) === isn ? place : -1;
	}

	#cookie(
		remote: Int32Array,
		ports: number,
		step: number,
		place: number,
	): number {
		const words = this.#words;
		words.set(remote);
		words[4] = ports;
		words[5] = step;
		words[6] = place;
		const hash = halfSipHash(this.#key, words, this.#range);
		return (hash << HASH_SHIFT) | ((step & 1) << STEP_SHIFT) | place;
	}
}

/** The largest entry that is not above the MSS; anything below the floor counts as the floor. */
function placeOf(mss: number): number {
	if (mss === 0) return 0;
	let place = 1;
	for (let next = 2; next < COOKIE_MSS.length; next++) {
		if ((COOKIE_MSS[next] ?? 0) <= mss) place = next;
	}
	return place;
}

/** The largest MSS that a cookie with this place may stand for. */
export function cookieMssCeiling(place: number): number {
	if (place === 0) return 0;
	const next = COOKIE_MSS[place + 1];
	return next === undefined ? 0xffff : next - 1;
}

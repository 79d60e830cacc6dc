// Numbers for the peers of an unconnected socket, and their endpoints in the form that the batch sockets take.

import { ENDPOINT_WORDS } from "@tunscope/tun";

/** Family, port, scope and remote address: what tells one peer from another. */
const IDENTITY_WORDS = 6;

export class PeerEndpoints {
	/** `ENDPOINT_WORDS` words per peer. */
	words = new Int32Array(64 * ENDPOINT_WORDS);
	/** Peers by their first word (family and port); more than one only when addresses differ. */
	readonly #byFirstWord = new Map<number, number[]>();
	#count = 0;

	/** @param at index of the endpoint's first word. @returns the peer's number, a new one at first sight. */
	numberOf(words: Int32Array, at: number): number {
		const first = words[at] ?? 0;
		const candidates = this.#byFirstWord.get(first) ?? [];
		for (const peer of candidates)
			if (this.#isSame(peer, words, at)) return peer;
		const peer = this.#count;
		this.#count += 1;
		this.#byFirstWord.set(first, [...candidates, peer]);
		this.#store(peer, words, at);
		return peer;
	}

	#isSame(peer: number, words: Int32Array, at: number): boolean {
		for (let word = 1; word < IDENTITY_WORDS; word += 1)
			if (this.words[peer * ENDPOINT_WORDS + word] !== words[at + word])
				return false;
		return true;
	}

	#store(peer: number, words: Int32Array, at: number): void {
		const place = peer * ENDPOINT_WORDS;
		if (place + ENDPOINT_WORDS > this.words.length) {
			const grown = new Int32Array(2 * this.words.length);
			grown.set(this.words);
			this.words = grown;
		}
		this.words.set(words.subarray(at, at + ENDPOINT_WORDS), place);
	}
}

// The generator's outgoing memory: the datagrams of one system call, laid out once, marked anew for each call.

import type { GatherTrains } from "@tunscope/tun";
import { MARK_WORDS } from "./datagram-mark.js";

export interface CallTrainsOptions {
	readonly arena: Uint8Array;
	/** Where `sizeBytes * datagramsPerCall` bytes of the arena are free; a multiple of 4. */
	readonly offset: number;
	readonly sizeBytes: number;
	readonly datagramsPerCall: number;
}

/** One train: sent by UDP_SEGMENT, or as one message per datagram by a socket that has no segmentation. */
export class CallTrains {
	readonly trains: GatherTrains;
	readonly #words: Int32Array;
	readonly #stepWords: number;
	readonly #datagrams: number;
	readonly #sizeBytes: number;

	constructor(options: CallTrainsOptions) {
		const { arena, offset, sizeBytes, datagramsPerCall } = options;
		const bytes = sizeBytes * datagramsPerCall;
		this.#words = new Int32Array(
			arena.buffer,
			arena.byteOffset + offset,
			bytes / 4,
		);
		this.#stepWords = sizeBytes / 4;
		this.#datagrams = datagramsPerCall;
		this.#sizeBytes = sizeBytes;
		for (let index = MARK_WORDS; index < this.#words.length; index += 1)
			this.#words[index] = index;
		this.trains = {
			count: 1,
			owner: new Int32Array(1),
			firstRegion: new Int32Array(1),
			regionCount: Int32Array.of(1),
			segmentSize: Int32Array.of(sizeBytes),
			totalLength: Int32Array.of(bytes),
			headerOffset: new Int32Array(1),
			headerLength: new Int32Array(1),
			regions: {
				offset: Int32Array.of(offset),
				length: Int32Array.of(bytes),
				next: Int32Array.of(-1),
			},
		};
	}

	/** Marks every datagram of the call for a flow; sequences count up from `sequence`. */
	mark(word: number, flow: number, sequence: number): void {
		const words = this.#words;
		this.trains.owner[0] = flow;
		let at = 0;
		for (let datagram = 0; datagram < this.#datagrams; datagram += 1) {
			words[at] = word;
			words[at + 1] = flow;
			words[at + 2] = sequence + datagram;
			words[at + 3] = this.#sizeBytes;
			at += this.#stepWords;
		}
	}
}

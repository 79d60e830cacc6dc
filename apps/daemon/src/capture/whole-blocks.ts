// Cuts a stream of pcapng into whole blocks, so that what is written is a file however early it ends; counts packets on the way.

import { BLOCK, BLOCK_HEAD_BYTES } from "./pcapng.js";

export class WholeBlocks {
	/** Enhanced packet blocks so far. */
	packets = 0;
	/** True once the last block of a capture has come. */
	isComplete = false;
	#rest: Buffer = Buffer.alloc(0);

	/** @returns the whole blocks that `piece` has completed, perhaps none. @throws RangeError when it is no pcapng */
	push(piece: Uint8Array): Uint8Array {
		const bytes = Buffer.concat([this.#rest, piece]);
		let end = 0;
		while (bytes.length - end >= BLOCK_HEAD_BYTES) {
			const type = bytes.readUInt32LE(end);
			const length = bytes.readUInt32LE(end + 4);
			if (length < BLOCK_HEAD_BYTES + 4 || length % 4 !== 0)
				throw new RangeError("this is no pcapng");
			if (bytes.length - end < length) break;
			if (type === BLOCK.enhancedPacket) this.packets++;
			this.isComplete = type === BLOCK.interfaceStatistics;
			end += length;
		}
		this.#rest = bytes.subarray(end);
		return bytes.subarray(0, end);
	}
}

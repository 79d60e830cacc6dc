// Copies of segments that lie far away from where their flow is: one per flow, in a pool of fixed memory.

import type { Flow } from "./flow.js";

/** Room for one super-segment. */
export const HELD_SLOT_BYTES = 65_536;

/** What has to be known of a held packet to deliver its payload later. */
export interface HeldPacket {
	/** IP header to the end of the payload. */
	packetLength: number;
	/** Counted from the packet's start. */
	payloadStart: number;
	segmentSize: number;
	segSeq: number;
}

export class HeldSegments {
	readonly #arena: Uint8Array;
	readonly #regionOffset: number;
	readonly #owners: (Flow | null)[];
	readonly #packets: HeldPacket[];
	/** The order in which they were held. */
	readonly #stamps: Float64Array;
	/** Delivered in this batch: whoever takes the payload has not read it yet. */
	readonly #isSpent: Uint8Array;
	#spentCount = 0;
	#nextStamp = 1;

	/** @param region part of the arena; as many slots as fit, none in an empty region. */
	constructor(
		arena: Uint8Array,
		region: { readonly offset: number; readonly length: number },
	) {
		this.#arena = arena;
		this.#regionOffset = region.offset;
		const slots = Math.floor(region.length / HELD_SLOT_BYTES);
		this.#owners = Array.from({ length: slots }, () => null);
		this.#packets = Array.from({ length: slots }, () => ({
			packetLength: 0,
			payloadStart: 0,
			segmentSize: 0,
			segSeq: 0,
		}));
		this.#stamps = new Float64Array(slots);
		this.#isSpent = new Uint8Array(slots);
	}

	/** What was delivered so far may be overwritten. Call it before each batch. */
	beginBatch(): void {
		if (this.#spentCount === 0) return;
		this.#isSpent.fill(0);
		this.#spentCount = 0;
	}

	/**
	 * Copies a packet into a free slot; its description is the caller's to fill in.
	 * @returns the slot, or -1 when none is free: `oldest` says who holds one.
	 */
	hold(flow: Flow, offset: number, packetLength: number): number {
		const slot = this.#freeSlot();
		if (slot < 0) return -1;
		this.#arena.copyWithin(this.offsetOf(slot), offset, offset + packetLength);
		this.#owners[slot] = flow;
		this.#stamps[slot] = this.#nextStamp++;
		return slot;
	}

	packetAt(slot: number): HeldPacket | undefined {
		return this.#packets[slot];
	}

	offsetOf(slot: number): number {
		return this.#regionOffset + slot * HELD_SLOT_BYTES;
	}

	/** The flow whose packet has been held longest. */
	oldest(): Flow | null {
		let found: Flow | null = null;
		let foundStamp = Number.POSITIVE_INFINITY;
		for (let slot = 0; slot < this.#owners.length; slot++) {
			const owner = this.#owners[slot] ?? null;
			const stamp = this.#stamps[slot] ?? 0;
			if (owner === null || stamp >= foundStamp) continue;
			found = owner;
			foundStamp = stamp;
		}
		return found;
	}

	/** Gives a slot back. @param isDelivered its bytes have to stay until the next batch. */
	release(slot: number, isDelivered: boolean): void {
		this.#owners[slot] = null;
		if (!isDelivered) return;
		this.#isSpent[slot] = 1;
		this.#spentCount++;
	}

	#freeSlot(): number {
		for (let slot = 0; slot < this.#owners.length; slot++) {
			if (this.#owners[slot] === null && this.#isSpent[slot] === 0) return slot;
		}
		return -1;
	}
}

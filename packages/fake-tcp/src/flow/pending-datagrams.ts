// Copies of user datagrams that wait for a handshake or for conntrack's window, first in first out, bounded.

/** A pool that all flows of one engine draw from, so that many slow handshakes cannot eat the memory. */
export interface PendingBudget {
	/** Octets queued now, over all flows. */
	usedBytes: number;
	readonly limitBytes: number;
	readonly limitPerFlowBytes: number;
	readonly limitPerFlowDatagrams: number;
	/** A flow may queue so much even when the pool is used up: dead flows that fill it must not lose a newcomer's first words. */
	readonly reservePerFlowBytes: number;
}

export class PendingDatagrams {
	readonly #budget: PendingBudget;
	readonly #queue: Uint8Array[] = [];
	#first = 0;
	#bytes = 0;

	constructor(budget: PendingBudget) {
		this.#budget = budget;
	}

	get count(): number {
		return this.#queue.length - this.#first;
	}

	/** Copies the datagram. @returns false (refuses the newest) when a bound is reached. */
	push(arena: Uint8Array, offset: number, length: number): boolean {
		const budget = this.#budget;
		if (this.count >= budget.limitPerFlowDatagrams) return false;
		if (this.#bytes + length > budget.limitPerFlowBytes) return false;
		const isPoolUsedUp = budget.usedBytes + length > budget.limitBytes;
		if (isPoolUsedUp && this.#bytes + length > budget.reservePerFlowBytes)
			return false;
		this.#queue.push(arena.slice(offset, offset + length));
		this.#bytes += length;
		budget.usedBytes += length;
		return true;
	}

	/** The oldest datagram, left in the queue. */
	peek(): Uint8Array | undefined {
		return this.#queue[this.#first];
	}

	/** Removes the oldest. */
	shift(): void {
		const oldest = this.#queue[this.#first];
		if (oldest === undefined) return;
		this.#bytes -= oldest.length;
		this.#budget.usedBytes -= oldest.length;
		this.#first++;
		if (this.#first === this.#queue.length) this.#forget();
	}

	/** Empties the queue. @returns how many datagrams were in it. */
	clear(): number {
		const count = this.count;
		this.#budget.usedBytes -= this.#bytes;
		this.#bytes = 0;
		this.#forget();
		return count;
	}

	#forget(): void {
		this.#queue.length = 0;
		this.#first = 0;
	}
}

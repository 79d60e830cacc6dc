// Packets that wait for their time: a binary heap by time, and by order of arrival among equals.

interface Waiting<T> {
	readonly atUs: number;
	readonly serial: number;
	readonly value: T;
}

export class ReleaseQueue<T> {
	readonly #heap: Waiting<T>[] = [];
	#serial = 0;

	get length(): number {
		return this.#heap.length;
	}

	/** Infinity when nothing waits. */
	get nextUs(): number {
		return this.#heap[0]?.atUs ?? Number.POSITIVE_INFINITY;
	}

	add(atUs: number, value: T): void {
		const added = { atUs, serial: this.#serial, value };
		this.#serial += 1;
		let place = this.#heap.length;
		this.#heap.push(added);
		while (place > 0) {
			const above = (place - 1) >> 1;
			const parent = this.#heap[above];
			if (parent === undefined || !isBefore(added, parent)) break;
			this.#heap[place] = parent;
			place = above;
		}
		this.#heap[place] = added;
	}

	/** Takes the first one that is due; undefined when none is. */
	take(nowUs: number): T | undefined {
		const first = this.#heap[0];
		if (first === undefined || first.atUs > nowUs) return undefined;
		const last = this.#heap.pop();
		if (last !== undefined && this.#heap.length > 0) this.#sink(last);
		return first.value;
	}

	#sink(sinking: Waiting<T>): void {
		let place = 0;
		for (;;) {
			const left = this.#heap[2 * place + 1];
			const right = this.#heap[2 * place + 2];
			if (left === undefined) break;
			const isRight = right !== undefined && isBefore(right, left);
			const child = isRight ? right : left;
			if (!isBefore(child, sinking)) break;
			this.#heap[place] = child;
			place = 2 * place + (isRight ? 2 : 1);
		}
		this.#heap[place] = sinking;
	}
}

function isBefore<T>(one: Waiting<T>, other: Waiting<T>): boolean {
	return (
		one.atUs < other.atUs ||
		(one.atUs === other.atUs && one.serial < other.serial)
	);
}

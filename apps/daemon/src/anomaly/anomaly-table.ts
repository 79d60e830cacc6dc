// The bounded table of what a worker is gathering: found by code and slot, quiet places given away first.

import type { Flow } from "@tunscope/fake-tcp";
import {
	AnomalyAggregate,
	MAX_AGGREGATES,
	NO_SLOT,
} from "./anomaly-aggregate.js";

/** More than --max-flows can be. */
const SLOTS = 65_536 + 1;
/** After this time without news the next occurrence is told at once again. */
const FORGET_MS = 60_000;

export class AnomalyTable {
	/** Those in use, in no order that means anything. */
	readonly live: AnomalyAggregate[] = [];
	readonly #free: AnomalyAggregate[] = [];
	readonly #byKey = new Map<number, AnomalyAggregate>();
	#made = 0;

	/** @returns null when all places hold something that has not been told yet. */
	find(number: number, flow: Flow | null): AnomalyAggregate | null {
		const key = keyOf(number, flow === null ? NO_SLOT : flow.slot);
		const known = this.#byKey.get(key);
		if (known?.isOf(flow)) return known;
		if (known !== undefined) {
			known.isOver = true;
			this.#byKey.delete(key);
		}
		const place = this.#take();
		if (place === null) return null;
		place.begin(number, flow);
		this.live.push(place);
		this.#byKey.set(key, place);
		return place;
	}

	/** Frees the places of what was told and has not come back. */
	forget(nowMs: number): void {
		const { live } = this;
		// Backwards, because the last one moves into the place of one that goes.
		for (let index = live.length - 1; index >= 0; index--) {
			const one = live[index];
			if (one === undefined || one.count > 0) continue;
			if (one.isOver || nowMs - one.lastMs >= FORGET_MS) this.#release(index);
		}
	}

	#take(): AnomalyAggregate | null {
		const free = this.#free.pop();
		if (free !== undefined) return free;
		if (this.#made < MAX_AGGREGATES) return new AnomalyAggregate(this.#made++);
		const quietest = this.#quietest();
		if (quietest < 0) return null;
		this.#release(quietest);
		return this.#free.pop() ?? null;
	}

	#quietest(): number {
		let quietest = -1;
		let lastMs = Number.POSITIVE_INFINITY;
		for (const [index, one] of this.live.entries()) {
			if (one.count > 0 || one.lastMs >= lastMs) continue;
			quietest = index;
			lastMs = one.lastMs;
		}
		return quietest;
	}

	#release(index: number): void {
		const { live } = this;
		const one = live[index];
		const last = live.pop();
		if (one === undefined || last === undefined) return;
		if (one !== last) live[index] = last;
		if (!one.isOver) this.#byKey.delete(keyOf(one.number, one.slot));
		one.number = -1;
		this.#free.push(one);
	}
}

function keyOf(number: number, slot: number): number {
	return number * SLOTS + slot + 1;
}

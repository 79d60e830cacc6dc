// The worker's core, tick by tick: what is read when, and what the poller is told.

import { describe, expect, it } from "vitest";
import { WorkerCore } from "./worker-core.js";

const TICK_MS = 100;
/** Sparse traffic: 100 wake-ups a tick, 20 µs each. */
const SPARSE = { wakeups: 100, ranNs: 2_000_000, waitedNs: 500_000 };
const IDLE = { wakeups: 0, ranNs: 0, waitedNs: 0 };
const TAKEN = { ...SPARSE, waitedNs: 100 * 60_000 };

class Bench {
	readonly told: (number | null)[] = [];
	looks = 0;
	isRefusing = false;
	readonly #core: WorkerCore;
	#nowMs = 0;
	#wakeups = 0;
	#ranNs = 0;
	#waitedNs = 0;

	constructor() {
		this.#core = new WorkerCore({
			poller: {
				keepThreadOn: (core) => {
					this.told.push(core);
					return !this.isRefusing;
				},
			},
			watch: {
				times: () => {
					this.looks++;
					return { ranNs: this.#ranNs, waitedNs: this.#waitedNs };
				},
				busiestCore: () => 3,
				close: () => undefined,
			},
		});
	}

	ticks(count: number, each: typeof IDLE): void {
		for (let tick = 0; tick < count; tick++) {
			this.#nowMs += TICK_MS;
			this.#wakeups += each.wakeups;
			this.#ranNs += each.ranNs;
			this.#waitedNs += each.waitedNs;
			this.#core.tick(this.#wakeups, this.#nowMs);
		}
	}

	close(): void {
		this.#core.close();
		this.#core.close();
	}
}

describe("WorkerCore", () => {
	it("looks once a second while the thread is idle, and tells the poller nothing", () => {
		const bench = new Bench();
		bench.ticks(100, IDLE);
		bench.close();
		expect(bench.looks).toBe(10);
		expect(bench.told).toEqual([]);
	});

	it("keeps the thread on the busiest core from the first tick with traffic to the first without", () => {
		const bench = new Bench();
		bench.ticks(21, IDLE);
		bench.ticks(1, SPARSE);
		expect(bench.told).toEqual([3]);
		bench.ticks(20, SPARSE);
		expect(bench.told).toEqual([3]);
		bench.ticks(1, IDLE);
		expect(bench.told).toEqual([3, null]);
	});

	it("lets go of a core that others have taken", () => {
		const bench = new Bench();
		bench.ticks(21, IDLE);
		bench.ticks(1, SPARSE);
		bench.ticks(1, TAKEN);
		expect(bench.told).toEqual([3, null]);
	});

	it("lets go at the end, once", () => {
		const bench = new Bench();
		bench.ticks(21, IDLE);
		bench.ticks(1, SPARSE);
		bench.close();
		expect(bench.told).toEqual([3, null]);
	});

	it("does not ask a kernel that refuses at every tick", () => {
		const bench = new Bench();
		bench.isRefusing = true;
		bench.ticks(21, IDLE);
		bench.ticks(20, SPARSE);
		expect(bench.told).toEqual([3]);
	});
});

import { describe, expect, it, vi } from "vitest";
import type { Flow } from "./flow.js";
import { FlowTable } from "./flow-table.js";
import { LASTING_QUIET_MS, QUIET_MS, QuietFlows } from "./quiet-flows.js";

/** A table whose flows open, speak and go at the test's word. */
class Bench {
	readonly table: FlowTable;
	readonly quiet: QuietFlows;
	#ports = 0;

	constructor(maxFlows: number) {
		this.table = new FlowTable(maxFlows, { k0: 1, k1: 2 });
		this.quiet = new QuietFlows(this.table);
	}

	open(nowMs: number): Flow {
		const flow = this.table.take({
			remote: new Int32Array(4),
			remotePort: this.#ports >>> 16,
			localPort: this.#ports++ & 0xffff,
		});
		if (flow === undefined) throw new Error("the table is full");
		flow.state = "ESTABLISHED";
		flow.openedMs = nowMs;
		flow.lastInboundMs = nowMs;
		flow.lastDataMs = nowMs;
		return flow;
	}

	/** A newcomer in a full table. @returns the flow that went for it. */
	replace(nowMs: number): Flow | undefined {
		const victim = this.quiet.takeQuietest(nowMs);
		if (victim === undefined) return undefined;
		this.table.release(victim);
		this.open(nowMs);
		return victim;
	}
}

describe("the flow that may go", () => {
	it("is the one that has been quiet longest, one after another, whatever the order in the table", () => {
		const bench = new Bench(5);
		const flows = [300, 100, 500, 200, 400].map((at) => bench.open(at));
		const order = flows.map(() => bench.replace(QUIET_MS + 500));
		expect(order).toEqual([1, 3, 0, 4, 2].map((index) => flows[index]));
		expect(bench.replace(QUIET_MS + 500)).toBeUndefined();
	});

	it("is never one that heard, carried or was wanted within the quiet time, also not after it was listed", () => {
		const bench = new Bench(4);
		const [heard, carried, wanted, quiet] = [0, 1, 2, 3].map((at) =>
			bench.open(at),
		) as [Flow, Flow, Flow, Flow];
		const nowMs = QUIET_MS + 3;
		// Lists all four; the first is quiet longest.
		expect(bench.quiet.takeQuietest(nowMs)).toBe(heard);
		heard.lastInboundMs = nowMs;
		carried.lastDataMs = nowMs;
		bench.table.wantedMs[wanted.slot] = nowMs;
		expect(bench.quiet.takeQuietest(nowMs)).toBe(quiet);
		expect(bench.quiet.takeQuietest(nowMs + QUIET_MS - 1)).toBeUndefined();
		expect(bench.quiet.takeQuietest(nowMs + QUIET_MS)).toBeDefined();
	});

	it("is never a new flow in a listed flow's slot, nor one whose handshake is under way", () => {
		const bench = new Bench(3);
		const [first, second, third] = [1, 2, 3].map((at) => bench.open(at)) as [
			Flow,
			Flow,
			Flow,
		];
		const nowMs = QUIET_MS + 3;
		expect(bench.replace(nowMs)).toBe(first);
		bench.table.release(second);
		bench.open(nowMs);
		third.state = "SYN-SENT";
		expect(bench.replace(nowMs)).toBeUndefined();
	});

	it("keeps a conversation with a keepalive every 25 s, and lets it go when that stops", () => {
		const bench = new Bench(1);
		const flow = bench.open(0);
		flow.lastDataMs = QUIET_MS + 1;
		const silentMs = QUIET_MS + 1 + LASTING_QUIET_MS;
		for (let nowMs = QUIET_MS + 1; nowMs < silentMs; nowMs += 500)
			expect(bench.quiet.takeQuietest(nowMs)).toBeUndefined();
		expect(bench.quiet.takeQuietest(silentMs)).toBe(flow);
	});

	it("is found on the millisecond when the search before found none", () => {
		const bench = new Bench(2);
		bench.open(0);
		bench.open(4_000);
		expect(bench.replace(5_000)).toBeUndefined();
		expect(bench.replace(QUIET_MS - 1)).toBeUndefined();
		expect(bench.replace(QUIET_MS)).toBeDefined();
	});
});

describe("a flood of newcomers", () => {
	it("costs few walks over the table, refuses while all are alive, and takes slots oldest first", () => {
		const maxFlows = 10_000;
		const bench = new Bench(maxFlows);
		const walks = vi.spyOn(bench.table, "live", "get");
		for (let index = 0; index < maxFlows; index++) bench.open(0);
		const perSecond = (nowSeconds: number) => {
			let served = 0;
			for (let newcomer = 0; newcomer < 10_000; newcomer++) {
				const nowMs = nowSeconds * 1_000 + Math.floor(newcomer / 10);
				const victim = bench.replace(nowMs);
				if (victim === undefined) continue;
				served++;
			}
			return served;
		};
		const served: number[] = [];
		for (let second = 0; second < 21; second++) served.push(perSecond(second));
		// Each slot serves one newcomer per quiet time.
		const total = served.reduce((sum, each) => sum + each, 0);
		expect(served.slice(0, 10)).toEqual(Array(10).fill(0));
		expect(served[10]).toBe(10_000);
		// The next round comes evenly, and waits for a walk of which there are ten a second.
		expect(total).toBeGreaterThanOrEqual(19_000);
		expect(total).toBeLessThanOrEqual(20_000);
		// 210,000 newcomers: one walk while all were alive, then no more than ten a second.
		expect(walks.mock.calls.length).toBeLessThan(40);
	});

	it("leaves lasting conversations with rare keepalives alone", () => {
		const bench = new Bench(100);
		const lasting = Array.from({ length: 20 }, () => bench.open(0));
		while (bench.table.size < 100) bench.open(0);
		const victims = new Set<Flow>();
		let served = 0;
		for (let nowMs = 0; nowMs < 200_000; nowMs += 10) {
			if (nowMs % 25_000 === 10_010)
				for (const flow of lasting) flow.lastDataMs = nowMs;
			// Before it is lasting, a conversation shows itself as often as any.
			if (nowMs === 5_000) for (const flow of lasting) flow.lastDataMs = nowMs;
			const victim = bench.replace(nowMs);
			if (victim !== undefined) served++;
			if (victim !== undefined && lasting.includes(victim)) victims.add(victim);
		}
		expect(victims.size).toBe(0);
		// 80 slots, 19 times 10 s each, and what is lost between two searches.
		expect(served).toBeGreaterThan(80 * 17);
	});
});

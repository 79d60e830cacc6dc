import { describe, expect, it } from "vitest";
import { type PendingBudget, PendingDatagrams } from "./pending-datagrams.js";

const arena = Uint8Array.from({ length: 100 }, (_, index) => index);

function budget(changes: Partial<PendingBudget> = {}): PendingBudget {
	return {
		usedBytes: 0,
		limitBytes: 100,
		limitPerFlowBytes: 50,
		limitPerFlowDatagrams: 4,
		reservePerFlowBytes: 0,
		...changes,
	};
}

describe("pending datagrams", () => {
	it("come out as they went in, as copies", () => {
		const shared = budget();
		const pending = new PendingDatagrams(shared);
		const source = arena.slice();
		pending.push(source, 3, 2);
		pending.push(source, 10, 1);
		source.fill(0);
		expect(pending.count).toBe(2);
		expect(pending.peek()).toEqual(Uint8Array.of(3, 4));
		pending.shift();
		expect(pending.peek()).toEqual(Uint8Array.of(10));
		pending.shift();
		pending.shift();
		expect(pending.peek()).toBeUndefined();
		expect(shared.usedBytes).toBe(0);
	});

	it("are bounded in number, in octets per flow and in octets together", () => {
		const few = new PendingDatagrams(budget());
		expect([1, 2, 3, 4, 5].map(() => few.push(arena, 0, 1))).toEqual([
			true,
			true,
			true,
			true,
			false,
		]);
		const large = new PendingDatagrams(budget());
		expect([large.push(arena, 0, 50), large.push(arena, 0, 1)]).toEqual([
			true,
			false,
		]);
		const shared = budget({ limitBytes: 60 });
		expect(new PendingDatagrams(shared).push(arena, 0, 40)).toBe(true);
		const second = new PendingDatagrams(shared);
		expect([second.push(arena, 0, 21), second.push(arena, 0, 20)]).toEqual([
			false,
			true,
		]);
		expect(second.clear()).toBe(1);
		expect(shared.usedBytes).toBe(40);
	});

	it("keep a few octets for every flow when others have used up what they share", () => {
		const shared = budget({ limitBytes: 40, reservePerFlowBytes: 10 });
		const greedy = new PendingDatagrams(shared);
		expect(greedy.push(arena, 0, 40)).toBe(true);
		const newcomer = new PendingDatagrams(shared);
		expect([
			newcomer.push(arena, 0, 6),
			newcomer.push(arena, 0, 4),
			newcomer.push(arena, 0, 1),
			greedy.push(arena, 0, 1),
		]).toEqual([true, true, false, false]);
		expect(newcomer.clear() + greedy.clear()).toBe(3);
		expect(shared.usedBytes).toBe(0);
	});
});

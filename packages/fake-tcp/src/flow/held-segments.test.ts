import { describe, expect, it } from "vitest";
import { Flow } from "./flow.js";
import { HELD_SLOT_BYTES, HeldSegments } from "./held-segments.js";

function pool(slots: number): { arena: Uint8Array; held: HeldSegments } {
	const arena = new Uint8Array((slots + 1) * HELD_SLOT_BYTES);
	const region = { offset: HELD_SLOT_BYTES, length: slots * HELD_SLOT_BYTES };
	return { arena, held: new HeldSegments(arena, region) };
}

describe("the pool of held segments", () => {
	it("keeps copies, which do not change with what they were made from", () => {
		const { arena, held } = pool(2);
		arena.set([1, 2, 3], 10);
		const slot = held.hold(new Flow(0), 10, 3);
		arena.fill(9, 0, 20);
		const offset = held.offsetOf(slot);
		expect([...arena.subarray(offset, offset + 3)]).toEqual([1, 2, 3]);
	});

	it("has as many slots as fit, names the flow that has held longest, and none in no memory", () => {
		const { held } = pool(2);
		const flows = [new Flow(0), new Flow(1)] as const;
		const first = held.hold(flows[0], 0, 1);
		held.hold(flows[1], 0, 1);
		expect(held.hold(new Flow(2), 0, 1)).toBe(-1);
		expect(held.oldest()).toBe(flows[0]);
		held.release(first, false);
		expect(held.oldest()).toBe(flows[1]);
		expect(held.hold(flows[0], 0, 1)).toBe(first);
		expect(held.oldest()).toBe(flows[1]);
		expect(pool(0).held.hold(flows[0], 0, 1)).toBe(-1);
		expect(pool(0).held.oldest()).toBeNull();
	});

	it("does not give a slot away in the batch in which its bytes were delivered", () => {
		const { held } = pool(1);
		const slot = held.hold(new Flow(0), 0, 1);
		held.release(slot, true);
		expect(held.hold(new Flow(1), 0, 1)).toBe(-1);
		held.beginBatch();
		expect(held.hold(new Flow(1), 0, 1)).toBe(slot);
	});
});

import { describe, expect, it } from "vitest";
import { datagramsPerRound, sizeOfDatagram } from "./size-plan.js";

describe("size plan", () => {
	it("repeats each size of a sweep and starts again after the last", () => {
		const plan = { kind: "sweep", from: 1, to: 3, repeat: 2 } as const;
		const sizes = Array.from({ length: 8 }, (_, sequence) =>
			sizeOfDatagram(plan, sequence),
		);
		expect(sizes).toEqual([1, 1, 2, 2, 3, 3, 1, 1]);
		expect(datagramsPerRound(plan)).toBe(6);
	});

	it("goes through a cycle in turn", () => {
		const plan = { kind: "cycle", bytes: [92, 1400] } as const;
		expect([0, 1, 2].map((n) => sizeOfDatagram(plan, n))).toEqual([
			92, 1400, 92,
		]);
	});
});

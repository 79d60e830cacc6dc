import { describe, expect, it } from "vitest";
import { judgePairs, type Pair } from "./judgement.js";

const CPU = { worseWhen: "higher", allowsSpread: false } as const;
const GOODPUT = { worseWhen: "lower", allowsSpread: true } as const;

function pairs(...ratios: readonly number[]): Pair[] {
	return ratios.map((ratio, index) => ({
		old: 10 + index,
		now: (10 + index) * ratio,
	}));
}

describe("judgePairs", () => {
	it.each([
		[[1.03, 1.03, 1.03], CPU, "no worse"],
		[[1.031, 1.031, 1.031], CPU, "WORSE"],
		[[0.5, 0.5, 0.5], CPU, "no worse"],
		[[0.97, 0.97, 0.97], GOODPUT, "no worse"],
		[[0.969, 0.969, 0.969], GOODPUT, "WORSE"],
		[[2, 2, 2], GOODPUT, "no worse"],
	] as const)("%j under %j: %s", (ratios, rule, verdict) => {
		expect(judgePairs(pairs(...ratios), rule).verdict).toBe(verdict);
	});

	it("lets the run's own spread excuse goodput, and not CPU", () => {
		const noisyLoss = pairs(0.8, 0.88, 0.95, 1, 1.02);
		expect(judgePairs(noisyLoss, GOODPUT)).toMatchObject({
			allowed: expect.closeTo(0.07),
			verdict: "no worse",
		});
		const noisyCost = pairs(1.2, 1.12, 1.05, 1, 0.98);
		expect(judgePairs(noisyCost, CPU)).toMatchObject({
			allowed: 0.03,
			verdict: "WORSE",
		});
	});

	it("is moved by half of the pairs, not by one that met a stranger", () => {
		expect(judgePairs(pairs(1, 1, 1, 1, 0.1), GOODPUT).verdict).toBe(
			"no worse",
		);
		expect(judgePairs(pairs(0.9, 0.9, 0.9, 1.5, 1.5), GOODPUT)).toMatchObject({
			scatter: 0,
			verdict: "WORSE",
		});
	});

	it("takes a build that carries nothing for worse", () => {
		const nothing = [{ old: 1, now: Number.NaN }];
		expect(judgePairs([...nothing, ...nothing, ...nothing], CPU).verdict).toBe(
			"WORSE",
		);
	});

	it("says nothing of one or two pairs", () => {
		expect(judgePairs(pairs(0.5, 0.5), GOODPUT).verdict).toBe("not judged");
		expect(() => judgePairs([], GOODPUT)).toThrow(RangeError);
	});
});

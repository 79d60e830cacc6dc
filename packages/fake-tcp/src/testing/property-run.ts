// How many random cases each property takes, and how a failing one is named: the only place that knows both.

import fc from "fast-check";
import { inject } from "vitest";
import { SeededRandom } from "./seeded-random.js";

declare module "vitest" {
	export interface ProvidedContext {
		/** All properties together; TUNSCOPE_PROPERTY_CASES. */
		readonly propertyCases: number;
		/** TUNSCOPE_PROPERTY_SEED; null: another in every run. */
		readonly propertySeed: number | null;
	}
}

/** Of all cases of a run. Cheap cases take the most. */
export const CASE_SHARES = {
	"segments round trip": 0.03,
	"options round trip": 0.0955,
	"any packet in the view": 0.72,
	"any packet in the engine": 0.15,
	// A case is a whole history: thousands of packets.
	"fragments round trip": 0.002,
	"event sequences": 0.001,
	convergence: 0.0005,
	// As a case is.
	reassembly: 0.001,
} as const;

export type PropertyName = keyof typeof CASE_SHARES;

/** What this run spends on the property, at least 20. */
export function casesOf(property: PropertyName): number {
	return Math.max(
		20,
		Math.ceil(inject("propertyCases") * CASE_SHARES[property]),
	);
}

/** For `fc.assert`: the number of cases, and the seed when one is asked for. fast-check prints it when a case fails. */
export function parametersOf(property: PropertyName, casesPerRun = 1) {
	const seed = inject("propertySeed");
	return {
		numRuns: Math.ceil(casesOf(property) / casesPerRun),
		...(seed === null ? {} : { seed }),
	};
}

/** A property may take this long: generous, because CI's cores are shared, and a case may be a whole history. */
export function timeLimitMs(): number {
	return 60_000 + inject("propertyCases") / 2;
}

/**
 * Runs the property's cases, each with a generator of its own. A failure names the generator's seed;
 * `checkRandomCases` of that seed alone is `check(new SeededRandom(seed))`.
 * @param casesPerRun independent cases that one call of `check` makes from its generator.
 */
export function checkRandomCases(
	property: PropertyName,
	casesPerRun: number,
	check: (random: SeededRandom) => void,
): void {
	fc.assert(
		fc.property(fc.noBias(fc.noShrink(fc.integer())), (seed) =>
			check(new SeededRandom(seed)),
		),
		parametersOf(property, casesPerRun),
	);
}

// Figures of performance.md that nothing in the product can answer yet, and a rival that cannot be had: named, with the reason.

import { type Claim, type Figure, UNITS } from "../report/figure.js";
import type { Row } from "./row.js";

function absent(
	reason: string,
	claims: readonly Pick<Claim, "title" | "direction" | "goal">[],
): Figure[] {
	return claims.map((claim) => ({
		title: claim.title,
		unit: UNITS.ratio,
		sinkUsesGro: null,
		cells: { ours: { kind: "not-run", reason } },
		verdicts: [
			{
				claim: {
					...claim,
					unit: UNITS.ratio,
					floor: claim.goal,
					alarm: null,
				},
				measured: null,
				reason,
			},
		],
		notes: [],
	}));
}

export const notYet: Row = {
	name: "not-yet",
	isInShort: false,
	perLinkProfile: false,
	run: async () => [
		...absent("one worker per tunnel so far; several are a later step", [
			{
				title: "two workers against one, 6 cores or more",
				direction: "at-least",
				goal: 1.6,
			},
			{
				title: "two workers against one, 2 cores",
				direction: "at-least",
				goal: 0.9,
			},
		]),
		...absent("the dashboard does not exist yet", [
			{
				title: "goodput with one viewer of the dashboard",
				direction: "at-least",
				goal: 0.99,
			},
			{
				title: "goodput with 50 viewers of the dashboard",
				direction: "at-least",
				goal: 0.97,
			},
		]),
	],
};

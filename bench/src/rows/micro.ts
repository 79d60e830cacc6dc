// Micro-benchmarks: hot functions against their committed slow references, by ratio.

import { microCases } from "../micro/micro-cases.js";
import { compare } from "../micro/timing.js";
import { type Figure, UNITS, type Unit } from "../report/figure.js";
import { spreadOf } from "../report/spread.js";
import type { Row } from "./row.js";

const NANOSECONDS: Unit = { name: "ns per datagram", digits: 1 };

export const micro: Row = {
	name: "micro",
	isInShort: true,
	perLinkProfile: false,
	run: async (context) => {
		context.say("hot functions …");
		return microCases().map((one): Figure => {
			const { fastNs, slowNs, ratio } = compare(one.fast, one.slow);
			return {
				title: one.title,
				unit: NANOSECONDS,
				sinkUsesGro: null,
				cells: {
					ours: {
						kind: "measured",
						spread: spreadOf([fastNs / one.datagramsPerCall]),
					},
				},
				verdicts: [
					{
						claim: {
							title: `${one.title}, against the slow reference`,
							unit: UNITS.ratio,
							direction: "at-least",
							goal: one.goal,
							floor: one.floor,
							alarm: one.floor,
						},
						measured: spreadOf([ratio]),
					},
				],
				notes: [
					`The reference takes ${(slowNs / one.datagramsPerCall).toFixed(0)} ns per datagram. Best of 25 turns by turns.`,
				],
			};
		});
	},
};

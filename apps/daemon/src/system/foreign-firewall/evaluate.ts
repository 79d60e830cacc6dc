// Walks one packet through one base chain and says what may become of it there, and by which rule.

import {
	type Action,
	type Chain,
	chainKey,
	type Rule,
	type Ruleset,
} from "./ruleset.js";
import { allOf, type Truth } from "./truth.js";
import type { TunnelPacket } from "./tunnel-packet.js";

/** The rule, or the policy of the base chain, that decides. */
export interface Decider {
	readonly chain: Chain;
	/** Null: the policy. */
	readonly rule: Rule | null;
	/** "translate": the packet gets another address than ours would give it. */
	readonly verdict: "drop" | "reject" | "translate" | "unknown";
}

/** What becomes of the packet in one base chain. */
export type Fate =
	| { readonly kind: "passes" }
	| { readonly kind: "stopped"; readonly by: Decider }
	/** Both may be; `by` is the likelier, or first, of what may stop it. */
	| { readonly kind: "perhaps-stopped"; readonly by: Decider };

export type ChainIndex = ReadonlyMap<string, Chain>;

export function indexChains(ruleset: Ruleset): ChainIndex {
	return new Map(ruleset.chains.map((chain) => [chainKey(chain), chain]));
}

/** How a place in the walk is reached. */
interface Reach {
	/** By rules that surely hold, and past all that may. */
	readonly isDefault: boolean;
	/** Only by flows with some addresses or ports. */
	readonly isForSome: boolean;
}

interface Outcome {
	readonly reach: Reach;
	/** Null: it passes. */
	readonly by: Decider | null;
}

interface Step {
	readonly chain: Chain;
	readonly rule: Rule;
	readonly reach: Reach;
	readonly depth: number;
}

/** nft allows 16 levels of jumps. */
const MAX_DEPTH = 20;
/** More rules than this, visited for one packet, is a maze: the rest is not looked at. */
const MAX_VISITS = 100_000;
const START: Reach = { isDefault: true, isForSome: false };

/** @param base one of `chains` that hangs on a hook. */
export function fateIn(
	base: Chain,
	packet: TunnelPacket,
	chains: ChainIndex,
): Fate {
	const walk = new Walk(packet, chains);
	const end = walk.through(base, START, 0);
	if (end !== null) {
		const by: Decider = { chain: base, rule: null, verdict: "drop" };
		const isDropped = base.base?.policy === "drop";
		walk.outcomes.push({ reach: end, by: isDropped ? by : null });
	}
	return judge(walk.outcomes);
}

class Walk {
	readonly outcomes: Outcome[] = [];
	readonly #packet: TunnelPacket;
	readonly #chains: ChainIndex;
	#visits = 0;

	constructor(packet: TunnelPacket, chains: ChainIndex) {
		this.#packet = packet;
		this.#chains = chains;
	}

	/** @returns how the packet comes to the end of the chain; null when it never does. */
	through(chain: Chain, start: Reach, depth: number): Reach | null {
		let here: Reach | null = start;
		/** Ways that leave the chain before its end: `return`, and what a `goto` gives back. */
		let left: Reach | null = null;
		for (const rule of chain.rules) {
			if (here === null) break;
			this.#visits += 1;
			const { kind } = rule.action;
			const truth = kind === "continue" ? "no" : this.#truthOf(rule);
			if (truth === "no") continue;
			const reach = reachThrough(here, truth);
			const beyond =
				kind === "return" ? reach : this.#act({ chain, rule, reach, depth });
			const past = reachPast(here, truth);
			const leaves = kind === "return" || kind === "goto";
			if (leaves) left = meet(left, beyond);
			here = leaves ? past : meet(past, beyond);
		}
		return meet(here, left);
	}

	#truthOf(rule: Rule): Truth {
		return allOf(rule.conditions.map((condition) => condition(this.#packet)));
	}

	/** @returns how the packet goes on behind the rule. */
	#act(step: Step): Reach | null {
		const { chain, rule, reach } = step;
		const { action } = rule;
		switch (action.kind) {
			case "jump":
			case "goto":
				return this.#jump(action, step);
			case "drop":
			case "reject":
			case "translate":
				this.outcomes.push({
					reach,
					by: { chain, rule, verdict: action.kind },
				});
				return null;
			case "accept":
				this.outcomes.push({ reach, by: null });
				return null;
			default:
				this.outcomes.push({ reach, by: { chain, rule, verdict: "unknown" } });
				return reach;
		}
	}

	#jump(
		action: Extract<Action, { readonly kind: "jump" | "goto" }>,
		{ chain, rule, reach, depth }: Step,
	): Reach | null {
		const target = this.#chains.get(chainKey({ ...chain, name: action.chain }));
		const isTooFar = depth >= MAX_DEPTH || this.#visits > MAX_VISITS;
		if (target !== undefined && !isTooFar)
			return this.through(target, reach, depth + 1);
		this.outcomes.push({ reach, by: { chain, rule, verdict: "unknown" } });
		return reach;
	}
}

function reachThrough(here: Reach, truth: Truth): Reach {
	if (truth === "yes" || truth === "most") return here;
	return {
		isDefault: false,
		isForSome: here.isForSome || truth === "few",
	};
}

function reachPast(here: Reach, truth: Truth): Reach | null {
	if (truth === "yes") return null;
	return truth === "most" ? { isDefault: false, isForSome: true } : here;
}

/** The broader of two ways to one place. */
function meet(one: Reach | null, other: Reach | null): Reach | null {
	if (one === null || other === null) return one ?? other;
	return {
		isDefault: one.isDefault || other.isDefault,
		isForSome: one.isForSome && other.isForSome,
	};
}

function judge(outcomes: readonly Outcome[]): Fate {
	// A rule that stops some addresses is meant to; one that lets only some pass is worth a word.
	const relevant = outcomes.filter(
		({ by, reach }) => by === null || !reach.isForSome,
	);
	const stops = relevant.flatMap(({ by, reach }) =>
		by === null ? [] : [{ by, reach }],
	);
	const likeliest = stops.find(({ reach }) => reach.isDefault) ?? stops[0];
	if (likeliest === undefined) return { kind: "passes" };
	const isCertain =
		stops.length === relevant.length &&
		stops.every(({ by }) => by.verdict !== "unknown");
	return {
		kind: isCertain ? "stopped" : "perhaps-stopped",
		by: likeliest.by,
	};
}

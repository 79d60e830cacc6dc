// The packet filter of a host as a model that can be evaluated: chains, rules, conditions; filled from nft's JSON and iptables' text.

import type { Truth } from "./truth.js";
import type { Hook, TunnelPacket } from "./tunnel-packet.js";

/** Which program owns the rules, and so which command changes them. */
export type RuleOwner = "nft" | "iptables" | "iptables-legacy";

export type Condition = (packet: TunnelPacket) => Truth;

export type Action =
	| { readonly kind: "accept" | "drop" | "reject" | "return" | "continue" }
	| { readonly kind: "jump" | "goto"; readonly chain: string }
	/** Address translation; ends the chain for the packet. */
	| { readonly kind: "translate" }
	/** A verdict that is not understood. */
	| { readonly kind: "unknown" };

export interface Rule {
	/** nft's; null for rules of iptables-legacy, which has none. */
	readonly handle: number | null;
	/** From 1, in its chain. */
	readonly position: number;
	readonly conditions: readonly Condition[];
	readonly action: Action;
	/** What its counter says; null without one. */
	readonly packets: number | null;
	readonly comment: string | null;
}

export interface BaseChain {
	readonly type: "filter" | "nat" | "route";
	readonly hook: Hook;
	readonly priority: number;
	readonly policy: "accept" | "drop";
}

export interface Chain {
	readonly owner: RuleOwner;
	readonly family: "ip" | "ip6" | "inet";
	readonly table: string;
	/** Grows with every table made in this namespace; null for iptables-legacy. */
	readonly tableHandle: number | null;
	readonly name: string;
	/** Null for chains that others jump to. */
	readonly base: BaseChain | null;
	readonly rules: readonly Rule[];
}

export interface Ruleset {
	readonly chains: readonly Chain[];
}

/** Names a chain among all of them. */
export function chainKey(chain: {
	readonly owner: RuleOwner;
	readonly family: string;
	readonly table: string;
	readonly name: string;
}): string {
	const world = chain.owner === "iptables-legacy" ? "legacy" : "nft";
	return [world, chain.family, chain.table, chain.name].join("\n");
}

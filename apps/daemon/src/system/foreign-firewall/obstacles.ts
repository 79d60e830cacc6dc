// Every base chain of other programs that stops, or may stop, a packet that the tunnel needs.

import {
	type ChainIndex,
	type Decider,
	type Fate,
	fateIn,
	indexChains,
} from "./evaluate.js";
import type { Chain, Ruleset } from "./ruleset.js";
import {
	type Hook,
	packetsAt,
	type TunnelPacket,
	type TunnelPlace,
} from "./tunnel-packet.js";

/** Our own tables hold what the tunnel needs; they are made by tunscope and by nobody else. */
export interface OwnTable {
	readonly name: string;
	readonly natPriority: number;
}

export interface Obstacle {
	/** "redirected": a client's own connection is sent elsewhere. "port-taken": connections to a server are. */
	readonly kind: "filter" | "redirected" | "port-taken";
	/** Where packets enter the foreign rules. */
	readonly base: Chain;
	readonly hook: Hook;
	/** False: "perhaps". */
	readonly isCertain: boolean;
	/** What decides, without repetitions; the certain ones first. */
	readonly deciders: readonly Decider[];
	/** Packets that are stopped as surely as that. */
	readonly packets: readonly TunnelPacket[];
	/** With those that are only perhaps stopped. */
	readonly allPackets: readonly TunnelPacket[];
}

/** Hooks that forwarded packets pass. */
const HOOKS: ReadonlySet<Hook> = new Set([
	...(["prerouting", "forward", "postrouting"] as const),
]);

/** @param ownTable name of this instance's nft table. */
export function findObstacles(
	ruleset: Ruleset,
	place: TunnelPlace,
	ownTable: OwnTable,
): readonly Obstacle[] {
	const chains = indexChains(ruleset);
	const ownHandle =
		ruleset.chains.find(({ table }) => table === ownTable.name)?.tableHandle ??
		null;
	return ruleset.chains.flatMap((base) => {
		if (base.base === null || base.table === ownTable.name) return [];
		if (!HOOKS.has(base.base.hook)) return [];
		const packets = packetsOf(base, place);
		if (base.base.type !== "nat")
			return obstacleAt({ base, packets, chains, kind: "filter" });
		// Another translation of the source does no harm; of the destination it does.
		if (base.base.hook !== "prerouting") return [];
		const opening = packets.filter(({ ctState }) => ctState === "new");
		if (place.endpoint.role === "client")
			return obstacleAt({
				base,
				packets: opening,
				chains,
				kind: "redirected",
			});
		const order = orderOf(base, ownTable.natPriority, ownHandle);
		if (order === "after") return [];
		const isSure = order === "before";
		return obstacleAt({
			base,
			packets: opening,
			chains,
			kind: "port-taken",
		}).map((obstacle) => ({
			...obstacle,
			isCertain: obstacle.isCertain && isSure,
		}));
	});
}

/** The fate of the obstacle's packets with another ruleset, e.g. with a remedy in it. */
export function isOvercome(obstacle: Obstacle, ruleset: Ruleset): boolean {
	const chains = indexChains(ruleset);
	const { owner, family, table, name } = obstacle.base;
	const base = ruleset.chains.find(
		(chain) =>
			chain.owner === owner &&
			chain.family === family &&
			chain.table === table &&
			chain.name === name,
	);
	return (
		base !== undefined &&
		obstacle.allPackets.every(
			(packet) => fateIn(base, packet, chains).kind === "passes",
		)
	);
}

function packetsOf(base: Chain, place: TunnelPlace): readonly TunnelPacket[] {
	if (base.base === null) return [];
	const isOfFamily = ({ family }: TunnelPacket) =>
		base.family === "inet" || (base.family === "ip") === (family === 4);
	return packetsAt(base.base.hook, base.base.priority, place).filter(
		isOfFamily,
	);
}

function obstacleAt(question: {
	readonly base: Chain;
	readonly packets: readonly TunnelPacket[];
	readonly chains: ChainIndex;
	readonly kind: Obstacle["kind"];
}): readonly Obstacle[] {
	const { base, packets, chains, kind } = question;
	if (base.base === null) return [];
	const stopped = packets.flatMap((packet) => {
		const fate = fateIn(base, packet, chains);
		return fate.kind === "passes" ? [] : [{ packet, fate }];
	});
	if (stopped.length === 0) return [];
	const certain = stopped.filter(({ fate }) => fate.kind === "stopped");
	const isCertain = certain.length > 0;
	const surest = isCertain ? certain : stopped;
	return [
		{
			kind,
			base,
			hook: base.base.hook,
			isCertain,
			deciders: distinct(surest.map(byOf)),
			packets: surest.map(({ packet }) => packet),
			allPackets: stopped.map(({ packet }) => packet),
		},
	];
}

function byOf({
	fate,
}: {
	readonly fate: Exclude<Fate, { readonly kind: "passes" }>;
}): Decider {
	return fate.by;
}

function distinct(deciders: readonly Decider[]): readonly Decider[] {
	return deciders.filter(
		({ chain, rule }, index) =>
			deciders.findIndex(
				(other) => other.chain === chain && other.rule === rule,
			) === index,
	);
}

/**
 * The first translation of a connection counts. Of one priority, the chain that was registered later is asked first
 * (net/netfilter/core.c, nf_hook_entries_grow), and tables are numbered as they come.
 */
function orderOf(
	base: Chain,
	ownPriority: number,
	ownHandle: number | null,
): "before" | "after" | "unsure" {
	const priority = base.base?.priority ?? 0;
	if (priority !== ownPriority)
		return priority < ownPriority ? "before" : "after";
	if (base.tableHandle === null || ownHandle === null) return "unsure";
	return base.tableHandle > ownHandle ? "before" : "after";
}

// `nft -j list ruleset` as a ruleset: its chains of IPv4, IPv6 and both, with their rules in order.

import {
	isJsonObject,
	type JsonObject,
	numberOf,
	objectsOf,
	textOf,
} from "../../config/json-value.js";
import { type NamedElements, nftRules } from "./nft-rule.js";
import type { BaseChain, Chain, Rule } from "./ruleset.js";
import type { Hook } from "./tunnel-packet.js";

/** Never throws: what is not as expected is left out or stays unknown. */
export function parseNftRuleset(json: unknown): readonly Chain[] {
	const rows = isJsonObject(json) ? objectsOf(json.nftables) : [];
	const of = (kind: string) =>
		rows.map((row) => row[kind]).filter((row) => isJsonObject(row));
	const tableHandles = new Map(
		of("table").map((row) => [tableKey(row, "name"), numberOf(row, "handle")]),
	);
	const named = namedElements([...of("set"), ...of("map")]);
	const rules = rulesByChain(of("rule"), named);
	return of("chain").flatMap((row): Chain[] => {
		const { family } = row;
		const name = textOf(row, "name");
		const table = textOf(row, "table");
		if (family !== "ip" && family !== "ip6" && family !== "inet") return [];
		if (name === null || table === null) return [];
		return [
			{
				owner: "nft",
				family,
				table,
				tableHandle: tableHandles.get(tableKey(row, "table")) ?? null,
				name,
				base: baseOf(row),
				rules: rules.get(`${tableKey(row, "table")}\n${name}`) ?? [],
			},
		];
	});
}

/** Tables that may be iptables-nft's; only its own program knows. */
export function mayBeOfIptables({
	family,
	table,
}: Pick<Chain, "family" | "table">): boolean {
	return family !== "inet" && IPTABLES_TABLES.has(table);
}

const IPTABLES_TABLES = new Set(["filter", "nat", "mangle", "raw", "security"]);

function tableKey(row: JsonObject, nameKey: string): string {
	return `${textOf(row, "family")}\n${textOf(row, nameKey)}`;
}

const HOOKS: readonly Hook[] = [
	...(["prerouting", "input", "forward", "output", "postrouting"] as const),
];

function baseOf(row: JsonObject): BaseChain | null {
	const hook = HOOKS.find((name) => name === row.hook);
	const { type } = row;
	if (hook === undefined) return null;
	if (type !== "filter" && type !== "nat" && type !== "route") return null;
	return {
		type,
		hook,
		priority: numberOf(row, "prio") ?? 0,
		policy: row.policy === "drop" ? "drop" : "accept",
	};
}

/** By family and table, then by name of the set or map. */
function namedElements(
	rows: readonly JsonObject[],
): ReadonlyMap<string, NamedElements> {
	const tables = new Map<string, Map<string, readonly unknown[]>>();
	for (const row of rows) {
		const key = tableKey(row, "table");
		const elements = tables.get(key) ?? new Map<string, readonly unknown[]>();
		tables.set(key, elements);
		elements.set(
			textOf(row, "name") ?? "",
			Array.isArray(row.elem) ? row.elem : [],
		);
	}
	return tables;
}

function rulesByChain(
	rows: readonly JsonObject[],
	named: ReadonlyMap<string, NamedElements>,
): ReadonlyMap<string, readonly Rule[]> {
	const lists = new Map<string, Rule[]>();
	const positions = new Map<string, number>();
	for (const row of rows) {
		const table = tableKey(row, "table");
		const key = `${table}\n${textOf(row, "chain")}`;
		const position = (positions.get(key) ?? 0) + 1;
		positions.set(key, position);
		const list = lists.get(key) ?? [];
		lists.set(key, list);
		list.push(...nftRules(row, position, named.get(table) ?? new Map()));
	}
	return lists;
}

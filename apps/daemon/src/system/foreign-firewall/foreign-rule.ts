// A rule of ours in somebody else's chain: as recorded, added, and found again by its comment.

import {
	isJsonObject,
	type JsonObject,
	numberOf,
	objectsOf,
	textOf,
	textsOf,
} from "../../config/json-value.js";
import type { RunCommand } from "../run-command.js";
import { SystemError } from "../system-error.js";
import { iptablesRuleWords, nftRuleWords, type Remedy } from "./remedy.js";

/** Goes on record before the rule goes into the kernel. */
export interface ForeignRuleRow {
	readonly owner: "nft" | "iptables" | "iptables-legacy";
	readonly family: "ip" | "ip6" | "inet";
	readonly table: string;
	readonly chain: string;
	/** nft: the rule as one word. iptables: its matches, comment and target. */
	readonly words: readonly string[];
	/** The comment that the rule carries; no rule of anybody else has it. */
	readonly tag: string;
}

/** Null for anything that this version has not written. */
export function parseForeignRule(row: JsonObject): ForeignRuleRow | null {
	const { owner, family } = row;
	const table = textOf(row, "table");
	const chain = textOf(row, "chain");
	const words = textsOf(row, "words");
	const tag = textOf(row, "tag");
	if (owner !== "nft" && owner !== "iptables" && owner !== "iptables-legacy")
		return null;
	if (family !== "ip" && family !== "ip6" && family !== "inet") return null;
	if (table === null || chain === null || words === null || tag === null)
		return null;
	return { owner, family, table, chain, words, tag };
}

/** @param tag letters, digits, dashes and underscores. */
export function foreignRulesOf(
	{ chain, rules }: Remedy,
	tag: string,
): readonly ForeignRuleRow[] {
	const { owner, family, table, name } = chain;
	return rules.map((rule) => ({
		owner,
		family,
		table,
		chain: name,
		words:
			owner === "nft"
				? [`${nftRuleWords(rule)} comment "${tag}"`]
				: iptablesRuleWords(rule, tag),
		tag,
	}));
}

/** At the head of its chain. @throws SystemError */
export async function addForeignRule(
	run: RunCommand,
	row: ForeignRuleRow,
): Promise<void> {
	const { owner, family, table, chain, words } = row;
	if (owner === "nft") {
		await run("nft", ["insert", "rule", family, table, chain, ...words]);
		return;
	}
	await run(iptablesOf(row), ["-w", "-t", table, "-I", chain, ...words]);
}

/** Every copy of it, also where a reload has given it another handle. One that is gone already is no error. */
export async function removeForeignRule(
	run: RunCommand,
	row: ForeignRuleRow,
): Promise<void> {
	await (row.owner === "nft"
		? removeByHandle(run, row)
		: removeByWords(run, row));
}

/** A rule that somebody doubled this often is a loop of somebody's. */
const MAX_COPIES = 16;

async function removeByHandle(
	run: RunCommand,
	{ family, table, chain, tag }: ForeignRuleRow,
): Promise<void> {
	const list = ["-j", "-a", "list", "chain", family, table, chain];
	const listing = await orNull(run("nft", list));
	// The chain has gone, and the rule with it.
	if (listing === null) return;
	const json: unknown = JSON.parse(listing.stdout);
	const handles = objectsOf(isJsonObject(json) ? json.nftables : null)
		.map(({ rule }) => rule)
		.filter((rule) => isJsonObject(rule))
		.filter((rule) => textOf(rule, "comment") === tag)
		.map((rule) => numberOf(rule, "handle"));
	for (const handle of handles) {
		const where = [family, table, chain, "handle", String(handle)];
		await orNull(run("nft", ["delete", "rule", ...where]));
	}
}

async function removeByWords(
	run: RunCommand,
	row: ForeignRuleRow,
): Promise<void> {
	const { table, chain, words } = row;
	for (let copy = 0; copy < MAX_COPIES; copy += 1) {
		const remove = ["-w", "-t", table, "-D", chain, ...words];
		if ((await orNull(run(iptablesOf(row), remove))) === null) return;
	}
}

function iptablesOf({ owner, family }: ForeignRuleRow): string {
	const program = family === "ip6" ? "ip6tables" : "iptables";
	return `${program}-${owner === "iptables" ? "nft" : "legacy"}`;
}

/** Null when the program says no; a program that is missing or hangs is reported. */
async function orNull<Value>(work: Promise<Value>): Promise<Value | null> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof SystemError && error.code === "COMMAND_FAILED")
			return null;
		throw error;
	}
}

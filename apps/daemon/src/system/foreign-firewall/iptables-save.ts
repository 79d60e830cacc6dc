// The text of `iptables-save -c` as chains: for rules that nft cannot show, and for iptables-legacy.

import { type IptablesOption, iptablesCondition } from "./iptables-match.js";
import { jumpAction } from "./iptables-target.js";
import type {
	Action,
	BaseChain,
	Chain,
	Condition,
	Rule,
	RuleOwner,
} from "./ruleset.js";
import type { Hook } from "./tunnel-packet.js";

const HOOK_OF_CHAIN: Readonly<Record<string, Hook>> = {
	PREROUTING: "prerouting",
	INPUT: "input",
	FORWARD: "forward",
	OUTPUT: "output",
	POSTROUTING: "postrouting",
};

/** linux/netfilter_ipv4.h */
const PRIORITY_OF_TABLE: Readonly<Record<string, number>> = {
	raw: -300,
	mangle: -150,
	nat: -100,
	filter: 0,
	security: 50,
};
const SOURCE_NAT_PRIORITY = 100;

interface Place {
	readonly owner: RuleOwner;
	readonly family: "ip" | "ip6";
}

/** Never throws: lines that are not as expected make rules that are not understood. */
export function parseIptablesSave(
	save: string,
	place: Place,
): readonly Chain[] {
	const chains = new Map<string, { base: BaseChain | null; rules: Rule[] }>();
	let table = "";
	for (const line of save.split("\n")) {
		if (line.startsWith("*")) table = line.slice(1).trim();
		const [, declared = "", policy = ""] = /^:(\S+) (\S+)/.exec(line) ?? [];
		if (declared !== "")
			chains.set(`${table}\n${declared}`, {
				base: baseOf({ table, name: declared, policy }),
				rules: [],
			});
		const [, packets, name = "", rest = ""] =
			/^(?:\[(\d+):\d+\] )?-A (\S+) ?(.*)$/.exec(line) ?? [];
		const list = chains.get(`${table}\n${name}`)?.rules;
		list?.push({
			handle: null,
			position: list.length + 1,
			packets: packets === undefined ? null : Number(packets),
			...parseRule(splitWords(rest)),
		});
	}
	return [...chains].map(([key, { base, rules }]) => {
		const [inTable = "", name = ""] = key.split("\n");
		return { ...place, table: inTable, tableHandle: null, name, base, rules };
	});
}

function baseOf(chain: {
	readonly table: string;
	readonly name: string;
	readonly policy: string;
}): BaseChain | null {
	const { table, name, policy } = chain;
	const hook = HOOK_OF_CHAIN[name];
	if (hook === undefined || policy === "-") return null;
	const isSourceNat =
		table === "nat" && (hook === "postrouting" || hook === "input");
	return {
		type: table === "nat" ? "nat" : "filter",
		hook,
		priority: isSourceNat
			? SOURCE_NAT_PRIORITY
			: (PRIORITY_OF_TABLE[table] ?? 0),
		policy: policy === "DROP" ? "drop" : "accept",
	};
}

/** Words as a shell would split them; iptables-save writes double quotes with backslashes inside. */
function splitWords(text: string): readonly string[] {
	const words = text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
	return words.map((word) =>
		word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word,
	);
}

const LONG_NAMES: Readonly<Record<string, string>> = {
	i: "in-interface",
	o: "out-interface",
	s: "source",
	d: "destination",
	p: "protocol",
	m: "match",
	dport: "destination-port",
	dports: "destination-port",
	sport: "source-port",
	sports: "source-port",
	"destination-ports": "destination-port",
	"source-ports": "source-port",
};

type RuleContent = Pick<Rule, "conditions" | "action" | "comment">;

function parseRule(words: readonly string[]): RuleContent {
	const conditions: Condition[] = [];
	let comment: string | null = null;
	let action: Action = { kind: "continue" };
	for (const option of splitOptions(words)) {
		const { name } = option;
		const [first = ""] = option.words;
		if (name === "comment") comment = first;
		if (name === "j" || name === "jump" || name === "g" || name === "goto") {
			action = jumpAction(name.startsWith("j") ? "jump" : "goto", first);
			// What follows belongs to the target.
			break;
		}
		const condition = iptablesCondition(option);
		if (condition !== null) conditions.push(condition);
	}
	return { conditions, action, comment };
}

function splitOptions(words: readonly string[]): readonly IptablesOption[] {
	const options: { name: string; isNegated: boolean; words: string[] }[] = [];
	let isNegated = false;
	for (const word of words) {
		const [, dashes = "", short = ""] = /^(--?)([A-Za-z].*)$/.exec(word) ?? [];
		if (word === "!") {
			isNegated = true;
		} else if (dashes !== "") {
			options.push({ name: LONG_NAMES[short] ?? short, isNegated, words: [] });
			isNegated = false;
		} else {
			options.at(-1)?.words.push(word);
		}
	}
	return options;
}

/**
 * Puts what iptables-save says into the chains that nft listed, which may hold rules that nft cannot show. Handles and
 * counters stay nft's. A chain that iptables does not list is not its own; one whose rules have changed between the
 * two listings is left as nft showed it.
 */
export function explainByIptables(
	chains: readonly Chain[],
	explained: readonly Chain[],
): readonly Chain[] {
	return chains.map((chain) => {
		const twin = explained.find(
			({ family, table, name }) =>
				family === chain.family && table === chain.table && name === chain.name,
		);
		if (twin === undefined) return chain;
		const { owner } = twin;
		if (twin.rules.length !== chain.rules.length) return { ...chain, owner };
		const rules = chain.rules.map((rule, index) => {
			const { conditions, action } = twin.rules[index] ?? rule;
			return { ...rule, conditions, action };
		});
		return { ...chain, owner, rules };
	});
}

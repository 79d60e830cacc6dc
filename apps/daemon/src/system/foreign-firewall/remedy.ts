// The rule that lets the tunnel through a foreign chain: what it matches, where it goes, and the command that adds it.

import { formatCommand } from "../run-command.js";
import { nftRules } from "./nft-rule.js";
import { isOvercome, type Obstacle } from "./obstacles.js";
import type { Chain, Ruleset } from "./ruleset.js";
import {
	type Direction,
	THIS_HOST,
	type TunnelPacket,
	type TunnelPlace,
} from "./tunnel-packet.js";

/** What a rule that accepts packets of the tunnel asks for; null or false: does not ask. */
interface PassRule {
	readonly iif: string | null;
	readonly oif: string | null;
	readonly saddr: string | null;
	readonly sport: number | null;
	readonly dport: number | null;
	readonly onlyEstablished: boolean;
}

export interface Remedy {
	readonly chain: Chain;
	readonly rules: readonly PassRule[];
}

/** Chains that their owner leaves to the administrator, asked for before anything else. */
const ADMINISTRATORS_CHAINS = ["DOCKER-USER"];

const ANYTHING: PassRule = {
	iif: null,
	oif: null,
	saddr: null,
	sport: null,
	dport: null,
	onlyEstablished: false,
};

/** Tried against the ruleset before it is offered. */
export function findRemedy(
	obstacle: Obstacle,
	place: TunnelPlace,
	ruleset: Ruleset,
): Remedy {
	const rules = passRules(obstacle, place);
	const { base } = obstacle;
	const candidates = ruleset.chains.filter(
		({ owner, family, table, name }) =>
			owner === base.owner &&
			family === base.family &&
			table === base.table &&
			ADMINISTRATORS_CHAINS.includes(name),
	);
	const chain =
		candidates.find((candidate) =>
			isOvercome(obstacle, withRules(ruleset, { chain: candidate, rules })),
		) ?? base;
	return { chain, rules };
}

/** The ruleset as it is with the remedy at the head of its chain. */
function withRules(ruleset: Ruleset, { chain, rules }: Remedy): Ruleset {
	const added = rules.flatMap((rule) =>
		nftRules(
			{ expr: [...nftMatches(rule, chain), { accept: null }] },
			0,
			new Map(),
		),
	);
	return {
		chains: ruleset.chains.map((one) =>
			one === chain ? { ...one, rules: [...added, ...one.rules] } : one,
		),
	};
}

function passRules(
	obstacle: Obstacle,
	place: TunnelPlace,
): readonly PassRule[] {
	const wanted = obstacle.allPackets.flatMap((packet) =>
		passRule(packet, obstacle, place),
	);
	const texts = wanted.map((rule) => JSON.stringify(rule));
	return wanted.filter(
		(_, index) => texts.indexOf(texts[index] ?? "") === index,
	);
}

function passRule(
	packet: TunnelPacket,
	{ kind, hook, base }: Obstacle,
	place: TunnelPlace,
): readonly PassRule[] {
	const { direction } = packet;
	const { endpoint, tunName } = place;
	// The side that opens is trusted with new connections; the other one only answers.
	const opens: Direction = endpoint.role === "client" ? "outgoing" : "incoming";
	const onlyEstablished = direction !== opens && packet.ctState !== "invalid";
	if (kind === "redirected")
		return [{ ...ANYTHING, iif: tunName, dport: packet.dport }];
	if (
		kind === "port-taken" ||
		(hook === "prerouting" && direction === "incoming")
	)
		return [
			{
				...ANYTHING,
				iif: packet.iif,
				saddr: packet.saddr,
				sport: packet.sport,
				dport: packet.dport,
				onlyEstablished,
			},
		];
	if (direction === "incoming")
		return [{ ...ANYTHING, oif: tunName, onlyEstablished }];
	// iptables knows no incoming interface in POSTROUTING.
	if (hook === "postrouting" && base.owner !== "nft")
		return [
			{
				...ANYTHING,
				saddr: packet.saddr === THIS_HOST ? null : packet.saddr,
				oif: packet.oif,
				onlyEstablished,
			},
		];
	return [{ ...ANYTHING, iif: tunName, onlyEstablished }];
}

/** For the base chain of one family no rule has to name it; in "inet" an address does. */
function addressProtocol(address: string): "ip" | "ip6" {
	return address.includes(":") ? "ip6" : "ip";
}

function nftMatches(rule: PassRule, chain: Chain): readonly unknown[] {
	const { iif, oif, saddr, sport, dport, onlyEstablished } = rule;
	const equals = (left: unknown, right: unknown, op = "==") => ({
		match: { op, left, right },
	});
	const field = (protocol: string, name: string) => ({
		payload: { protocol, field: name },
	});
	return [
		...(iif === null ? [] : [equals({ meta: { key: "iifname" } }, iif)]),
		...(oif === null ? [] : [equals({ meta: { key: "oifname" } }, oif)]),
		...(saddr === null
			? []
			: [
					equals(
						field(
							chain.family === "ip6" ? "ip6" : addressProtocol(saddr),
							"saddr",
						),
						saddr,
					),
				]),
		...(sport === null ? [] : [equals(field("tcp", "sport"), sport)]),
		...(dport === null ? [] : [equals(field("tcp", "dport"), dport)]),
		...(onlyEstablished
			? [equals({ ct: { key: "state" } }, ["established", "related"], "in")]
			: []),
	];
}

/** The rule in nft's own words, without its comment. */
export function nftRuleWords(rule: PassRule): string {
	const { iif, oif, saddr, sport, dport, onlyEstablished } = rule;
	return [
		...(iif === null ? [] : [`iifname "${iif}"`]),
		...(oif === null ? [] : [`oifname "${oif}"`]),
		...(saddr === null ? [] : [`${addressProtocol(saddr)} saddr ${saddr}`]),
		...(sport === null ? [] : [`tcp sport ${sport}`]),
		...(dport === null ? [] : [`tcp dport ${dport}`]),
		...(onlyEstablished ? ["ct state established,related"] : []),
		"counter accept",
	].join(" ");
}

/** The rule in iptables' words, from the first match to the target. */
export function iptablesRuleWords(
	rule: PassRule,
	comment: string | null = null,
): readonly string[] {
	const { iif, oif, saddr, sport, dport, onlyEstablished } = rule;
	const isOfPorts = sport !== null || dport !== null;
	return [
		...(saddr === null ? [] : ["-s", saddr]),
		...(iif === null ? [] : ["-i", iif]),
		...(oif === null ? [] : ["-o", oif]),
		...(isOfPorts ? ["-p", "tcp"] : []),
		...(sport === null ? [] : ["--sport", String(sport)]),
		...(dport === null ? [] : ["--dport", String(dport)]),
		...(onlyEstablished
			? ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED"]
			: []),
		...(comment === null ? [] : ["-m", "comment", "--comment", comment]),
		...["-j", "ACCEPT"],
	];
}

/** One command per rule, ready to be pasted into a root shell. */
export function remedyCommands({ chain, rules }: Remedy): readonly string[] {
	const { family, table, name } = chain;
	if (chain.owner === "nft")
		return rules.map((rule) =>
			formatCommand("nft", [
				...["insert", "rule", family, table, name],
				nftRuleWords(rule),
			]),
		);
	const program = `${family === "ip6" ? "ip6tables" : "iptables"}${chain.owner === "iptables-legacy" ? "-legacy" : ""}`;
	const inTable = table === "filter" ? [] : ["-t", table];
	return rules.map((rule) =>
		formatCommand(program, [
			...inTable,
			...["-I", name],
			...iptablesRuleWords(rule),
		]),
	);
}

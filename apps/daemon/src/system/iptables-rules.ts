// The same rules as firewall-rules.ts as iptables commands, for hosts without nftables; an operator runs them.

import type { FirewallPlan } from "./firewall-rules.js";
import { TUN_GROUP } from "./links.js";

type Program = "iptables" | "ip6tables";

export interface IptablesCommand {
	readonly program: Program;
	readonly words: readonly string[];
	/** Empty where the command before has said it. */
	readonly why: string;
}

interface IptablesRule {
	readonly program: Program;
	readonly table: "nat" | "filter";
	readonly chain: string;
	readonly match: readonly string[];
	readonly target: readonly string[];
	readonly why: string;
}

/** Commands that make the rules, and those that remove exactly them. */
export function iptablesCommands(plan: FirewallPlan): {
	readonly make: readonly IptablesCommand[];
	readonly undo: readonly IptablesCommand[];
} {
	const programs: readonly Program[] =
		plan.peer6 === null ? ["iptables"] : ["iptables", "ip6tables"];
	const rules = [
		...programs.flatMap((program) => natRules(plan, program)),
		...inputRules(plan, programs),
		...programs.flatMap((program) => forwardRules(plan, program)),
		...guardRules(plan),
	];
	const wayOut = programs.map((program) => wayOutCommands(plan, program));
	return {
		make: [...rules.map(addition), ...wayOut.flatMap(({ make }) => make)],
		undo: [...wayOut.flatMap(({ undo }) => undo), ...rules.map(removal)],
	};
}

// Drops go to the head of their chain, in front of what accepts.
function addition({ program, why, ...rule }: IptablesRule): IptablesCommand {
	const action = rule.table === "nat" ? "-A" : "-I";
	return { program, words: wordsOf(action, rule), why };
}

function removal({ program, ...rule }: IptablesRule): IptablesCommand {
	return { program, words: wordsOf("-D", rule), why: "" };
}

function wordsOf(
	action: string,
	rule: Omit<IptablesRule, "program" | "why">,
): string[] {
	const { table, chain, match, target } = rule;
	return ["-t", table, action, chain, ...match, "-j", ...target];
}

function natRules(plan: FirewallPlan, program: Program): IptablesRule[] {
	const { endpoint, interfaces, tunName } = plan;
	const peer = program === "iptables" ? plan.peer4 : (plan.peer6 ?? "");
	if (endpoint.role === "client") {
		const ways =
			interfaces.length === 0
				? [["!", "-o", tunName]]
				: interfaces.map((name) => ["-o", name]);
		return ways.map((way) => ({
			program,
			table: "nat",
			chain: "POSTROUTING",
			match: ["-s", peer, ...way],
			target: ["MASQUERADE"],
			why: "the TUN's address becomes this host's",
		}));
	}
	return arrivalsOf(interfaces, ["!", "-i", tunName]).map((arrival) => ({
		program,
		table: "nat",
		chain: "PREROUTING",
		match: [
			...arrival,
			...["-p", "tcp", "--dport", String(endpoint.port)],
			...["-m", "addrtype", "--dst-type", "LOCAL"],
		],
		target: ["DNAT", "--to-destination", peer],
		why: "this host's port goes to the TUN",
	}));
}

/** One match per chosen interface; iptables takes only one each. */
function arrivalsOf(
	interfaces: readonly string[],
	otherwise: readonly string[],
): readonly (readonly string[])[] {
	return interfaces.length === 0
		? [otherwise]
		: interfaces.map((name) => ["-i", name]);
}

function inputRules(
	plan: FirewallPlan,
	programs: readonly Program[],
): IptablesRule[] {
	const { endpoint, interfaces } = plan;
	const drop = { table: "filter", chain: "INPUT", target: ["DROP"] } as const;
	if (endpoint.role === "server") {
		const port = ["-p", "tcp", "--dport", String(endpoint.port)];
		return programs.flatMap((program) =>
			arrivalsOf(interfaces, []).map((arrival) => ({
				...drop,
				program,
				match: [...arrival, ...port, ...inState("INVALID")],
				why: "invalid towards the tunnel's port",
			})),
		);
	}
	return endpoint.servers.flatMap(({ family, address, port }) => {
		const program = family === 4 ? "iptables" : "ip6tables";
		const from = ["-s", address, "-p", "tcp", "--sport", String(port)];
		return [
			{
				...drop,
				program,
				match: [...from, ...inState("INVALID")],
				why: "invalid from the server",
			},
			{
				...drop,
				program,
				match: [...from, "--tcp-flags", "SYN", "NONE", ...inState("NEW")],
				why: "unknown flow from the server",
			},
		];
	});
}

function forwardRules(plan: FirewallPlan, program: Program): IptablesRule[] {
	const { endpoint, tunName } = plan;
	const drop = {
		program,
		table: "filter",
		chain: "FORWARD",
		target: ["DROP"],
	} as const;
	const fromTun = ["-i", tunName];
	const toTun = ["-o", tunName];
	if (endpoint.role === "server") {
		const notByPort = ["-m", "conntrack", "!", "--ctstate", "DNAT"];
		return [
			{
				...drop,
				match: [...fromTun, ...inState("INVALID,NEW")],
				why: "from the TUN without a known flow",
			},
			{
				...drop,
				match: [...toTun, ...inState("NEW"), ...notByPort],
				why: "to the TUN but not by the port",
			},
		];
	}
	return [
		{
			...drop,
			match: [...fromTun, ...inState("INVALID")],
			why: "invalid from the TUN is not translated",
		},
		{
			...drop,
			match: [...toTun, ...inState("INVALID,NEW")],
			why: "nobody opens flows to a client",
		},
	];
}

/** A client's TUN may send by the chosen interfaces only; a list of them needs a chain of its own. */
function wayOutCommands(
	{ endpoint, interfaces, tunName }: FirewallPlan,
	program: Program,
): ReturnType<typeof iptablesCommands> {
	if (endpoint.role === "server" || interfaces.length === 0)
		return { make: [], undo: [] };
	const chain = `tunscope_${tunName}`;
	const command = (words: readonly string[], why = ""): IptablesCommand => ({
		program,
		words: ["-t", "filter", ...words],
		why,
	});
	const jump = ["FORWARD", "-i", tunName, "-j", chain];
	return {
		make: [
			command(["-N", chain], "only by the chosen interfaces"),
			...interfaces.map((name) =>
				command(["-A", chain, "-o", name, "-j", "RETURN"]),
			),
			command(["-A", chain, "-j", "DROP"]),
			command(["-I", ...jump]),
		],
		undo: [
			command(["-D", ...jump]),
			command(["-F", chain]),
			command(["-X", chain]),
		],
	};
}

function guardRules({ guards }: FirewallPlan): IptablesRule[] {
	const group = String(TUN_GROUP);
	const guard = (program: Program, from: readonly string[]): IptablesRule => ({
		program,
		table: "filter",
		chain: "FORWARD",
		match: [...from, "!", "--dst-group", group],
		target: ["DROP"],
		why: "forwarding is on for the tunnel only",
	});
	const named = (program: Program, names: readonly string[]) =>
		names.map((name) => guard(program, ["-i", name, "-m", "devgroup"]));
	const ipv6 =
		guards.ipv6 === "all"
			? [guard("ip6tables", ["-m", "devgroup", "!", "--src-group", group])]
			: named("ip6tables", guards.ipv6);
	return [...named("iptables", guards.ipv4), ...ipv6];
}

function inState(states: string): readonly string[] {
	return ["-m", "conntrack", "--ctstate", states];
}

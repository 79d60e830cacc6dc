// One instance's nftables table as text: translation of the TUN's address, and what keeps conntrack's mistakes off the wire.

import type { ResolvedAddress } from "../tunnel/worker-protocol.js";
import { TUN_GROUP } from "./links.js";

/** Interfaces whose forwarding we switched on: what they send may go to our TUNs only. "all" guards every other link. */
export interface ForwardGuards {
	readonly ipv4: readonly string[];
	readonly ipv6: readonly string[] | "all";
}

export interface FirewallPlan {
	readonly tableName: string;
	readonly tunName: string;
	readonly peer4: string;
	/** Null when the TUN has no IPv6 address. */
	readonly peer6: string | null;
	/** Empty means all. */
	readonly interfaces: readonly string[];
	readonly guards: ForwardGuards;
	readonly endpoint:
		| { readonly role: "client"; readonly servers: readonly ResolvedAddress[] }
		| { readonly role: "server"; readonly port: number };
}

export const NO_GUARDS: ForwardGuards = { ipv4: [], ipv6: [] };

/** nft's names take no dash at every place they may stand; one form for all. */
export function tableNameOf(instanceName: string): string {
	return `tunscope_${instanceName.replaceAll("-", "_")}`;
}

/** Creates the table or replaces it, in one transaction: `add` makes sure that `delete` finds something. */
export function renderFirewall(plan: FirewallPlan): string {
	const chains = [natChain(plan), inputChain(plan), forwardChain(plan)];
	return [
		renderRemoval(plan.tableName).trimEnd(),
		`table inet ${plan.tableName} {`,
		...chains.flatMap((chain) => chain.map((line) => `\t${line}`)),
		"}",
		"",
	].join("\n");
}

/** Deletes the table whether or not it exists. */
export function renderRemoval(tableName: string): string {
	return `add table inet ${tableName}\ndelete table inet ${tableName}\n`;
}

function natChain(plan: FirewallPlan): string[] {
	return plan.endpoint.role === "client"
		? masqueradeChain(plan)
		: redirectChain(plan, plan.endpoint.port);
}

function masqueradeChain(plan: FirewallPlan): string[] {
	const out =
		plan.interfaces.length === 0
			? `oifname != ${quoted(plan.tunName)}`
			: `oifname ${quotedSet(plan.interfaces)}`;
	const verdict = "counter masquerade";
	const why = "the TUN's address becomes this host's";
	const rules = [rule(`ip saddr ${plan.peer4} ${out} ${verdict}`, why)];
	if (plan.peer6 !== null)
		rules.push(rule(`ip6 saddr ${plan.peer6} ${out} ${verdict}`, why));
	return chain(
		"postrouting",
		"type nat hook postrouting priority srcnat",
		rules,
	);
}

// Only what is addressed to this host: a bare `tcp dport` would hijack what a router forwards (wire.md 4.12).
function redirectChain(plan: FirewallPlan, port: number): string[] {
	const arriving = [
		`iifname != ${quoted(plan.tunName)}`,
		...onChosenInterfaces(plan),
	];
	const match = `${arriving.join(" ")} fib daddr type local tcp dport ${port} counter`;
	const why = "this host's port goes to the TUN";
	const rules = [
		rule(`meta nfproto ipv4 ${match} dnat ip to ${plan.peer4}`, why),
	];
	if (plan.peer6 !== null) {
		rules.push(
			rule(`meta nfproto ipv6 ${match} dnat ip6 to ${plan.peer6}`, why),
		);
	}
	return chain("prerouting", "type nat hook prerouting priority dstnat", rules);
}

function onChosenInterfaces({ interfaces }: FirewallPlan): readonly string[] {
	return interfaces.length === 0 ? [] : [`iifname ${quotedSet(interfaces)}`];
}

// What conntrack calls INVALID is not translated and meets this host's own TCP, whose RST would kill the flow (wire.md 4.12).
function inputChain(plan: FirewallPlan): string[] {
	const head = "type filter hook input priority filter";
	if (plan.endpoint.role === "server") {
		// No wider than the redirection: the port of other interfaces, or of a family that is not redirected, is not ours.
		const match = [
			...(plan.peer6 === null ? ["meta nfproto ipv4"] : []),
			...onChosenInterfaces(plan),
			`tcp dport ${plan.endpoint.port} ct state invalid counter drop`,
		];
		return chain("input", head, [
			rule(match.join(" "), "invalid towards the tunnel's port"),
		]);
	}
	const rules = plan.endpoint.servers.flatMap(({ family, address, port }) => {
		const match = `${family === 4 ? "ip" : "ip6"} saddr ${address} tcp sport ${port}`;
		return [
			rule(`${match} ct state invalid counter drop`, "invalid from the server"),
			// With tcp_loose=1 a segment that comes after a conntrack flush is NEW, not INVALID.
			rule(
				`${match} tcp flags & syn == 0 ct state new counter drop`,
				"unknown flow from the server",
			),
		];
	});
	return chain("input", head, rules);
}

function forwardChain(plan: FirewallPlan): string[] {
	const rules =
		plan.endpoint.role === "server"
			? serverForwardRules(plan)
			: clientForwardRules(plan);
	return chain("forward", "type filter hook forward priority filter", [
		...rules,
		...guardRules(plan.guards),
	]);
}

function serverForwardRules({ tunName }: FirewallPlan): string[] {
	return [
		// A server never opens: NEW from it is a flow whose translation is lost, and would leak the private address.
		rule(
			`iifname ${quoted(tunName)} ct state { invalid, new } counter drop`,
			"from the TUN without a known flow",
		),
		rule(
			`oifname ${quoted(tunName)} ct state new ct status & dnat == 0 counter drop`,
			"to the TUN but not by the port",
		),
	];
}

function clientForwardRules(plan: FirewallPlan): string[] {
	const fromTun = `iifname ${quoted(plan.tunName)}`;
	const rules = [
		// NEW may pass: after a conntrack flush it is translated again, and the flow goes on.
		rule(
			`${fromTun} ct state invalid counter drop`,
			"invalid from the TUN is not translated",
		),
		rule(
			`oifname ${quoted(plan.tunName)} ct state { invalid, new } counter drop`,
			"nobody opens flows to a client",
		),
	];
	if (plan.interfaces.length > 0) {
		rules.push(
			rule(
				`${fromTun} oifname != ${quotedSet(plan.interfaces)} counter drop`,
				"only by the chosen interfaces",
			),
		);
	}
	return rules;
}

// The guard: we switched forwarding on for the tunnel, not to make this host a router for everything else.
function guardRules({ ipv4, ipv6 }: ForwardGuards): string[] {
	const elsewhere = `oifgroup != ${TUN_GROUP} counter drop`;
	const why = "forwarding is on for the tunnel only";
	const matches: string[] = [];
	if (ipv4.length > 0)
		matches.push(`meta nfproto ipv4 iifname ${quotedSet(ipv4)}`);
	if (ipv6 === "all")
		matches.push(`meta nfproto ipv6 iifgroup != ${TUN_GROUP}`);
	else if (ipv6.length > 0)
		matches.push(`meta nfproto ipv6 iifname ${quotedSet(ipv6)}`);
	return matches.map((match) => rule(`${match} ${elsewhere}`, why));
}

/** The reason stays with the rule, so that `nft list ruleset` explains itself. */
function rule(text: string, why: string): string {
	return `${text} comment "${why}"`;
}

function chain(name: string, head: string, rules: readonly string[]): string[] {
	return [
		`chain ${name} {`,
		`\t${head}; policy accept;`,
		...rules.map((rule) => `\t${rule}`),
		"}",
	];
}

function quotedSet(names: readonly string[]): string {
	return `{ ${names.map(quoted).join(", ")} }`;
}

/** Names come from the checked configuration or from the kernel, which allows quotes in them; nft does not. */
function quoted(name: string): string {
	if (/["\\\n*]/.test(name)) {
		throw new Error(
			`interface name ${JSON.stringify(name)} cannot be written in a rule`,
		);
	}
	return `"${name}"`;
}

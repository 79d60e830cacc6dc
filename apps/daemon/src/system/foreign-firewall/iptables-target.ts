// What iptables' targets do with a packet.

import type { Action } from "./ruleset.js";

const ENDING: Readonly<Record<string, Action>> = {
	ACCEPT: { kind: "accept" },
	DROP: { kind: "drop" },
	REJECT: { kind: "reject" },
	RETURN: { kind: "return" },
	DNAT: { kind: "translate" },
	SNAT: { kind: "translate" },
	MASQUERADE: { kind: "translate" },
	REDIRECT: { kind: "translate" },
	NETMAP: { kind: "translate" },
	NFQUEUE: { kind: "unknown" },
	QUEUE: { kind: "unknown" },
	SYNPROXY: { kind: "unknown" },
	TPROXY: { kind: "unknown" },
	TARPIT: { kind: "drop" },
};

/** Targets after which the packet goes on to the next rule. */
const PASSING = new Set([
	...["LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "CHECKSUM", "CLASSIFY", "CT"],
	...["CONNMARK", "CONNSECMARK", "SECMARK", "MARK", "DSCP", "ECN", "TOS"],
	...["TTL", "HL", "TCPMSS", "TCPOPTSTRIP", "SET", "TEE", "NOTRACK", "LED"],
]);

/** Null for a name that is no target of iptables: a chain. */
function targetAction(name: string): Action | null {
	if (PASSING.has(name)) return { kind: "continue" };
	return ENDING[name] ?? null;
}

/** @returns null when the packet goes on within the rule list. */
export function iptablesAction(name: string): Action | null {
	const action = targetAction(name) ?? { kind: "unknown" };
	return action.kind === "continue" ? null : action;
}

/** The same for `-j`, which names chains too. */
export function jumpAction(kind: "jump" | "goto", name: string): Action {
	return targetAction(name) ?? { kind, chain: name };
}

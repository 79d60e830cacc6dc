// The referee: an nft table on every host that counts, and in the strict lab drops, what conntrack calls INVALID.

import type { Namespace } from "./namespace.js";

/** "strict" counts and drops, as many users' firewalls do; "count" only counts; "off" leaves conntrack unused. */
export type RefereeMode = "strict" | "count" | "off";

const TABLE = "tunscope_referee";
const HOOKS = ["input", "forward", "output"] as const;

/** Packets that conntrack called INVALID on one host, by hook. */
export interface InvalidCounts {
	readonly input: number;
	readonly forward: number;
	readonly output: number;
	readonly total: number;
}

export async function installReferee(
	namespace: Namespace,
	mode: RefereeMode,
): Promise<void> {
	if (mode === "off") return;
	const verdict = mode === "strict" ? " drop" : "";
	const chains = HOOKS.map(
		(hook) => `	chain ${hook} {
		type filter hook ${hook} priority -190; policy accept;
		ct state invalid counter${verdict}
	}`,
	);
	// Right after conntrack (-200) and before everybody else, so that no other rule hides a packet from the count.
	await namespace.nft(`table inet ${TABLE} {\n${chains.join("\n")}\n}\n`);
}

export async function readInvalidCounts(
	namespace: Namespace,
): Promise<InvalidCounts> {
	const counts = { input: 0, forward: 0, output: 0 };
	const listing = await namespace.run(["nft", "list", "table", "inet", TABLE]);
	let chain = "";
	for (const line of listing.split("\n")) {
		chain = /^\s*chain (\w+)/.exec(line)?.[1] ?? chain;
		const packets = /counter packets (\d+)/.exec(line)?.[1];
		if (packets === undefined) continue;
		if (chain === "input" || chain === "forward" || chain === "output")
			counts[chain] += Number(packets);
	}
	return { ...counts, total: counts.input + counts.forward + counts.output };
}

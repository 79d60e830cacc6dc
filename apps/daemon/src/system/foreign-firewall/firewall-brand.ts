// Which well-known program made a chain, and how its own tool keeps a rule for good.

import type { Obstacle } from "./obstacles.js";
import type { Ruleset } from "./ruleset.js";
import type { TunnelPlace } from "./tunnel-packet.js";

export interface FirewallBrand {
	readonly name: string;
	/** A command that makes the remedy last; null where the plain command does, or nothing can. */
	readonly lastingCommand: string | null;
}

/** Null for a table that somebody made by hand. */
export function brandOf(
	{ base, allPackets: packets }: Obstacle,
	ruleset: Ruleset,
	place: TunnelPlace,
): FirewallBrand | null {
	const { tunName } = place;
	if (base.table === "firewalld") {
		const add = (when: string) =>
			`firewall-cmd ${when}--zone=trusted --add-interface=${tunName}`;
		return {
			name: "firewalld",
			lastingCommand: `${add("--permanent ")} && ${add("")}`,
		};
	}
	const hasChain = (pattern: RegExp) =>
		ruleset.chains.some(
			({ owner, family, table, name }) =>
				owner === base.owner &&
				family === base.family &&
				table === base.table &&
				pattern.test(name),
		);
	if (hasChain(/^ufw6?-/)) {
		const isOutgoing = packets.some(
			({ direction }) => direction === "outgoing",
		);
		const isIncoming = packets.some(
			({ direction }) => direction === "incoming",
		);
		const allow = (way: string) => `ufw route allow ${way} on ${tunName}`;
		return {
			name: "ufw",
			lastingCommand: [
				...(isOutgoing ? [allow("in")] : []),
				...(isIncoming ? [allow("out")] : []),
			].join(" && "),
		};
	}
	if (hasChain(/^DOCKER/)) return { name: "Docker", lastingCommand: null };
	return null;
}

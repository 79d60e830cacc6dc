// Firewalls that speak iptables: ufw with its chains for forwarding, and one of iptables-legacy, which nft does not list.

import type { Namespace } from "../netlab/namespace.js";
import { CLIENT_TUN, SERVER_TUN } from "../netlab/tunnel-options.js";
import type { ExpectedFix, HostKind, Role } from "./host-kind.js";

/** The forwarding part of what ufw 0.36 loads after `ufw enable`, with its default "deny (routed)". */
function ufwRules(prefix: "ufw" | "ufw6", icmp: string): string {
	const chain = (name: string) => `${prefix}-${name}`;
	const stages = [
		...["before-logging-forward", "before-forward", "after-forward"],
		...["after-logging-forward", "reject-forward", "track-forward"],
	].map(chain);
	return `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
${[...stages, chain("user-forward")].map((name) => `:${name} - [0:0]`).join("\n")}
${stages.map((name) => `-A FORWARD -j ${name}`).join("\n")}
-A ${chain("before-forward")} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ${chain("before-forward")} -p ${icmp} -j ACCEPT
-A ${chain("before-forward")} -j ${chain("user-forward")}
-A ${chain("after-logging-forward")} -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
COMMIT
`;
}

const forwardDrop = (customer: string) => `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -d ${customer} -m comment --comment "a customer" -j ACCEPT
COMMIT
`;

const OPENING: Readonly<Record<Role, string>> = {
	client: `-i ${CLIENT_TUN}`,
	server: `-o ${SERVER_TUN}`,
};
const ANSWERING: Readonly<Record<Role, string>> = {
	client: `-o ${CLIENT_TUN}`,
	server: `-i ${SERVER_TUN}`,
};

/** A client needs the family in which it reaches the server, a server both at once. */
function perFamily(
	role: Role,
	commandsOf: (isIpv6: boolean) => readonly string[],
): ExpectedFix["commands"] {
	const [commands4, commands6] = [commandsOf(false), commandsOf(true)];
	return role === "client"
		? { 4: commands4, 6: commands6 }
		: { 4: [...commands4, ...commands6], 6: [] };
}

/** ufw lets pass what is established, so only the opening direction needs a rule. */
function ufwFix(role: Role): ExpectedFix {
	return {
		cause: /ufw stops .*chain FORWARD of table ip6? filter .* policy drop/,
		commands: perFamily(role, (isIpv6) => [
			`${isIpv6 ? "ip6tables" : "iptables"} -I FORWARD ${OPENING[role]} -j ACCEPT`,
		]),
	};
}

export const ufwLike: HostKind = {
	name: "ufw-like",
	about:
		"ufw's chains by iptables-nft with its default `deny (routed)`: established passes, new is dropped",
	fix: { client: ufwFix("client"), server: ufwFix("server") },
	make: async ({ host: { namespace } }) => {
		await namespace.run(["iptables-nft-restore"], ufwRules("ufw", "icmp"));
		await namespace.run(["ip6tables-nft-restore"], ufwRules("ufw6", "icmpv6"));
	},
};

function legacyFix(role: Role): ExpectedFix {
	return {
		cause: /chain FORWARD of table ip6? filter \(iptables-legacy\) .* policy/,
		commands: perFamily(role, (isIpv6) => {
			const program = isIpv6 ? "ip6tables-legacy" : "iptables-legacy";
			return [
				`${program} -I FORWARD ${OPENING[role]} -j ACCEPT`,
				`${program} -I FORWARD ${ANSWERING[role]} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
			];
		}),
	};
}

export const legacyDrop: HostKind = {
	name: "iptables-legacy",
	about:
		"FORWARD of iptables-legacy, which nft does not list, has the policy DROP",
	fix: { client: legacyFix("client"), server: legacyFix("server") },
	make: async ({ host: { namespace } }) => {
		await namespace.run(
			["iptables-legacy-restore"],
			forwardDrop("192.0.2.0/24"),
		);
		await namespace.run(
			["ip6tables-legacy-restore"],
			forwardDrop("2001:db8:99::/64"),
		);
	},
};

/** Rules as iptables lists them, without counters: those of "legacy" no snapshot shows, those of "nft" it shows in part. */
export async function iptablesRules(
	namespace: Namespace,
	world: "legacy" | "nft",
): Promise<string> {
	const lists = [`iptables-${world}-save`, `ip6tables-${world}-save`];
	const texts = await Promise.all(
		lists.map((program) => namespace.run([program])),
	);
	return texts
		.join("\n")
		.replaceAll(/\[\d+:\d+\]/g, "")
		.replaceAll(/^#.*$/gm, "");
}

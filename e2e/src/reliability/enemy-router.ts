// What a router between the two hosts may do to a flow: translate strictly, forget, change ports, and swallow everything.

import type { Lab } from "../netlab/lab.js";
import type { Namespace } from "../netlab/namespace.js";

const TABLE = "enemy";
const SWALLOW_TABLE = "swallow";
/** The router's address towards the server (lab.ts). */
const OUTER_ADDRESS = "198.18.2.1";

function routerOf(lab: Lab): Namespace {
	if (lab.router === null)
		throw new Error('this needs a lab of the shape "with-router"');
	return lab.router;
}

export interface StrictCounts {
	/** What conntrack called INVALID on its way through, both ways. */
	readonly invalid: number;
	/** Resets of anybody that crossed the router or came from it. */
	readonly resets: number;
}

export interface StrictRouter {
	counts(): Promise<StrictCounts>;
	/** Forgets every connection. */
	flush(): Promise<void>;
}

/** NAT, a policy of drop, no window leniency, nothing picked up in mid-stream; INVALID segments are answered with RST. */
export async function makeStrict(lab: Lab): Promise<StrictRouter> {
	const router = routerOf(lab);
	await router.sysctl({
		"net.netfilter.nf_conntrack_tcp_be_liberal": 0,
		"net.netfilter.nf_conntrack_tcp_loose": 0,
	});
	await router.nft(`table inet ${TABLE} {
	counter invalid { }
	counter resets { }
	chain arriving {
		type filter hook prerouting priority -300; policy accept;
		tcp flags & rst == rst counter name "resets"
	}
	chain own {
		type filter hook output priority -300; policy accept;
		tcp flags & rst == rst counter name "resets"
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		ct state invalid counter name "invalid"
		ct state invalid meta l4proto tcp reject with tcp reset
		ct state established,related accept
		iifname "to-client" ct state new accept
	}
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "to-client" oifname "to-server" masquerade
	}
}
`);
	const counter = async (name: string): Promise<number> => {
		const listing = await router.run([
			...["nft", "list", "counter", "inet", TABLE, name],
		]);
		return Number(/packets (\d+)/.exec(listing)?.[1] ?? Number.NaN);
	};
	return {
		counts: async () => ({
			invalid: await counter("invalid"),
			resets: await counter("resets"),
		}),
		flush: async () => {
			await router.run(["conntrack", "-F"]);
		},
	};
}

/** Swallows everything that is forwarded, without a word. @returns what ends it. */
export async function swallowEverything(
	lab: Lab,
): Promise<() => Promise<void>> {
	const router = routerOf(lab);
	await router.nft(
		`table inet ${SWALLOW_TABLE} {
	chain forward {
		type filter hook forward priority -300; policy drop;
	}
}
`,
	);
	return async () => {
		await router.run(["nft", "delete", "table", "inet", SWALLOW_TABLE]);
	};
}

/** Gives the client's flows source ports of this range from now on, and forgets those they had: a NAT that has restarted. */
export async function translateTo(
	lab: Lab,
	ports: { readonly first: number; readonly last: number },
): Promise<void> {
	const router = routerOf(lab);
	await router.nft(`table inet ${TABLE} { }
delete table inet ${TABLE}
table inet ${TABLE} {
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "to-client" oifname "to-server" meta l4proto tcp snat ip to ${OUTER_ADDRESS}:${ports.first}-${ports.last}
	}
}
`);
	await router.run(["conntrack", "-F"]);
}

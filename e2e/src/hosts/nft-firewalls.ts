// Firewalls as administrators and firewalld write them in nft: a strict policy, zones that reject, another one's NAT.

import { CLIENT_TUN, SERVER_TUN } from "../netlab/tunnel-options.js";
import { PORTS } from "../tunnel/tunnel-in-lab.js";
import type { HostKind, HostPlace } from "./host-kind.js";

/** The workstation ruleset of nftables' wiki, strict in all three hooks; the server's port is open in `input`. */
const STRICT_RULESET = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		iif "lo" accept
		ct state established,related accept
		meta l4proto { icmp, ipv6-icmp } accept
		tcp dport ${PORTS.fakeTcp} accept
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
	chain output {
		type filter hook output priority filter; policy drop;
		oif "lo" accept
		ct state established,related accept
		meta l4proto { icmp, ipv6-icmp } accept
		udp dport 53 accept
	}
}
`;

/** As firewalld 0.9 writes it (nft backend, zone public, no forwarding): accepts what is DNATed, rejects the rest. */
const FIREWALLD_RULESET = `table inet firewalld {
	chain mangle_PREROUTING {
		type filter hook prerouting priority mangle + 10; policy accept;
		icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
		meta nfproto ipv6 fib saddr . iif oif missing drop
	}
	chain nat_PREROUTING {
		type nat hook prerouting priority dstnat + 10; policy accept;
	}
	chain nat_POSTROUTING {
		type nat hook postrouting priority srcnat + 10; policy accept;
	}
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_ZONES
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_FORWARD_IN_ZONES
		jump filter_FORWARD_OUT_ZONES
		reject with icmpx admin-prohibited
	}
	chain filter_INPUT_ZONES {
		goto filter_IN_public
	}
	chain filter_IN_public {
		tcp dport 22 ct state { new, untracked } accept
		tcp dport ${PORTS.fakeTcp} ct state { new, untracked } accept
		meta l4proto { icmp, ipv6-icmp } accept
	}
	chain filter_FORWARD_IN_ZONES {
		goto filter_FWDI_public
	}
	chain filter_FWDI_public {
		meta l4proto { icmp, ipv6-icmp } accept
	}
	chain filter_FORWARD_OUT_ZONES {
		goto filter_FWDO_public
	}
	chain filter_FWDO_public {
	}
}
`;

async function loadForeignNat({ lab, role, host }: HostPlace): Promise<void> {
	const { namespace } = host;
	const inside = role === "client" ? lab.client : lab.server;
	// A port forward without a destination, as in many a tutorial: whoever comes for that port is sent to the box at home.
	await namespace.nft(`table ip homeserver {
	chain prerouting {
		type nat hook prerouting priority dstnat - 10; policy accept;
		tcp dport ${PORTS.fakeTcp} counter dnat to 198.18.99.10
	}
	chain postrouting {
		type nat hook postrouting priority srcnat - 10; policy accept;
		oifname "${inside.interfaceName}" masquerade
	}
}
table ip6 homeserver {
	chain prerouting {
		type nat hook prerouting priority dstnat - 10; policy accept;
		tcp dport ${PORTS.fakeTcp} counter dnat to 2001:db8:99::10
	}
	chain postrouting {
		type nat hook postrouting priority srcnat - 10; policy accept;
		oifname "${inside.interfaceName}" masquerade
	}
}
`);
}

export const strictPolicyDrop: HostKind = {
	name: "strict policy drop",
	about:
		"one nft table with `policy drop` in input, forward and output, and nothing for the tunnel in forward",
	fix: {
		client: {
			cause: /chain forward of table inet filter .* drops .* policy drop/,
			commands: {
				4: [
					`nft insert rule inet filter forward 'iifname "${CLIENT_TUN}" counter accept'`,
					`nft insert rule inet filter forward 'oifname "${CLIENT_TUN}" ct state established,related counter accept'`,
				],
				6: [],
			},
		},
		server: {
			cause: /chain forward of table inet filter .* drops .* policy drop/,
			commands: {
				4: [
					`nft insert rule inet filter forward 'oifname "${SERVER_TUN}" counter accept'`,
					`nft insert rule inet filter forward 'iifname "${SERVER_TUN}" ct state established,related counter accept'`,
				],
				6: [],
			},
		},
	},
	make: ({ host }) => host.namespace.nft(STRICT_RULESET),
};

export const firewalldLike: HostKind = {
	name: "firewalld-like",
	about:
		"the chains that firewalld writes for the zone `public`: what is not established, translated or allowed is rejected",
	// firewalld accepts what has been DNATed, so a server needs nothing.
	fix: {
		client: {
			cause:
				/firewalld .*chain filter_FORWARD of table inet firewalld .* rejects/,
			commands: {
				4: [
					`nft insert rule inet firewalld filter_FORWARD 'iifname "${CLIENT_TUN}" counter accept'`,
				],
				6: [],
			},
		},
		server: null,
	},
	make: ({ host }) => host.namespace.nft(FIREWALLD_RULESET),
};

export const foreignNat: HostKind = {
	name: "foreign NAT on the same port",
	about:
		"another table sends TCP of the tunnel's port to another machine, ahead of ours, and masquerades all that leaves",
	fix: {
		client: {
			cause: /chain prerouting of table ip6? homeserver/,
			commands: {
				4: [
					`nft insert rule ip homeserver prerouting 'iifname "${CLIENT_TUN}" tcp dport ${PORTS.fakeTcp} counter accept'`,
				],
				6: [
					`nft insert rule ip6 homeserver prerouting 'iifname "${CLIENT_TUN}" tcp dport ${PORTS.fakeTcp} counter accept'`,
				],
			},
		},
		server: {
			cause: /chain prerouting of table ip6? homeserver .* takes TCP port/,
			commands: {
				4: [
					`nft insert rule ip homeserver prerouting 'iifname "eth0" tcp dport ${PORTS.fakeTcp} counter accept'`,
					`nft insert rule ip6 homeserver prerouting 'iifname "eth0" tcp dport ${PORTS.fakeTcp} counter accept'`,
				],
				6: [],
			},
		},
	},
	make: loadForeignNat,
};

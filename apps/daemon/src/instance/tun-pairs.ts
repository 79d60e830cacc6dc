// The TUN addresses that a tunnel may get by itself: pairs numbered in a fixed order, Phantun's own first.

import { TUN_ADDRESS_DEFAULTS, type TunnelRole } from "@tunscope/shared/lean";

export interface AddressPair {
	/** This host's end. */
	readonly local: string;
	/** Tunscope's end. */
	readonly peer: string;
}

/** The third number of 192.168.x.0/24, 172.29.x.0/24 and 10.29.x.0/24: Phantun's, a client's and a server's. */
const ROLE_NUMBER = { client: 200, server: 201 } as const;
/** Looked through in this order: a host whose own network is the first one gets pairs of the next. */
const IPV4_NETS = ["192.168", "172.29", "10.29"] as const;
const PAIRS_PER_NET = 127;

/** Pairs of IPv4 addresses: .1 and .2, .3 and .4, …, .253 and .254 of each net. */
export function* ipv4Pairs(role: TunnelRole): Generator<AddressPair> {
	for (const net of IPV4_NETS) {
		for (let pair = 0; pair < PAIRS_PER_NET; pair += 1) {
			const prefix = `${net}.${ROLE_NUMBER[role]}`;
			yield {
				local: `${prefix}.${2 * pair + 1}`,
				peer: `${prefix}.${2 * pair + 2}`,
			};
		}
	}
}

/** Pairs of IPv6 addresses: fcc8::1 and ::2, ::3 and ::4, …; then the same in fcca (client) or fccb (server). */
export function* ipv6Pairs(role: TunnelRole): Generator<AddressPair> {
	const first = TUN_ADDRESS_DEFAULTS[role].local6.replace(/1$/, "");
	const second = role === "client" ? "fcca::" : "fccb::";
	for (const prefix of [first, second]) {
		for (let pair = 0; pair < IPV4_NETS.length * PAIRS_PER_NET; pair += 1) {
			yield {
				local: `${prefix}${(2 * pair + 1).toString(16)}`,
				peer: `${prefix}${(2 * pair + 2).toString(16)}`,
			};
		}
	}
}

// The kinds of hosts of the matrix, in the order of docs/hosts.md.

import { dockerLike } from "./docker-host.js";
import type { HostKind } from "./host-kind.js";
import { legacyDrop, ufwLike } from "./iptables-firewalls.js";
import {
	firewalldLike,
	foreignNat,
	strictPolicyDrop,
} from "./nft-firewalls.js";
import { forwardingOn, noFirewall, routerAdvertised } from "./plain-hosts.js";

export const HOST_KINDS: readonly HostKind[] = [
	noFirewall,
	forwardingOn,
	routerAdvertised,
	strictPolicyDrop,
	dockerLike,
	ufwLike,
	legacyDrop,
	firewalldLike,
	foreignNat,
];

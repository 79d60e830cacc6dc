// The kinds of hosts of the matrix, in the order of docs/hosts.md.

import type { HostKind } from "./host-kind.js";
import { forwardingOn, noFirewall, routerAdvertised } from "./plain-hosts.js";

export const HOST_KINDS: readonly HostKind[] = [
	noFirewall,
	forwardingOn,
	routerAdvertised,
];

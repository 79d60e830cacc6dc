// What happens to a host while a tunnel runs on it, for docs/hosts.md; each has a test file of its own that walks through it.

export interface Situation {
	readonly name: string;
	/** What happens, and what the test holds the tunnel to. */
	readonly about: string;
	readonly outcome: string;
}

export const FORWARDING_LATER: Situation = {
	name: "forwarding switched on later",
	about:
		"another program switches forwarding on after our start: what it forwards passes within a second",
	outcome: "works by itself; after our stop forwarding stays on",
};

export const CONNTRACK_FLUSHED: Situation = {
	name: "conntrack flushed",
	about: "`conntrack -F` in the middle of a flow, on either side",
	outcome: "works by itself: the flow resumes",
};

export const TWO_INSTANCES: Situation = {
	name: "two instances",
	about:
		"two clients and two servers, or a client and a server on either host, started at the same moment; one crashes, one leaves first",
	outcome: "works by itself: each has its own addresses and rules",
};

export const SITUATIONS: readonly Situation[] = [
	FORWARDING_LATER,
	CONNTRACK_FLUSHED,
	TWO_INSTANCES,
];

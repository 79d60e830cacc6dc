// The packets that a tunnel needs the kernel to carry, as the rules of each hook see them.

import type { ResolvedAddress } from "../../tunnel/worker-protocol.js";
import { TUN_GROUP } from "../links.js";

export type Hook =
	| "prerouting"
	| "input"
	| "forward"
	| "output"
	| "postrouting";

/** What is known of one tunnel on this host. */
export interface TunnelPlace {
	readonly tunName: string;
	readonly peer4: string;
	/** Null when the TUN has no IPv6 address. */
	readonly peer6: string | null;
	/** Interfaces towards the other end, per family. */
	readonly interfaces: Readonly<Record<"ipv4" | "ipv6", readonly string[]>>;
	readonly endpoint:
		| { readonly role: "client"; readonly servers: readonly ResolvedAddress[] }
		| { readonly role: "server"; readonly port: number };
}

/** "outgoing" comes out of our TUN, "incoming" goes into it. */
export type Direction = "outgoing" | "incoming";

/** The address of a packet that bears one of this host, which may have several. */
export const THIS_HOST = "this host";

/** Null stands for what differs between flows. */
export interface TunnelPacket {
	readonly hook: Hook;
	readonly direction: Direction;
	readonly family: 4 | 6;
	readonly iif: string;
	/** Null where the route is not chosen yet. */
	readonly oif: string | null;
	readonly iifGroup: number | null;
	readonly oifGroup: number | null;
	readonly saddr: string | null;
	readonly daddr: string | null;
	readonly sport: number | null;
	readonly dport: number | null;
	readonly tcpFlags: ReadonlySet<string>;
	/** "invalid": conntrack has not seen it yet. */
	readonly ctState: "new" | "established" | "invalid";
	readonly ctStatus: ReadonlySet<string>;
	readonly ctDirection: "original" | "reply";
	/** It is addressed to this very host (before its translation). */
	readonly isToThisHost: boolean;
}

/** Where translation stands in prerouting (NF_IP_PRI_NAT_DST) and postrouting (NF_IP_PRI_NAT_SRC). */
const TRANSLATION_PRIORITY: Partial<Record<Hook, number>> = {
	prerouting: -100,
	postrouting: 100,
};

/** NF_IP_PRI_CONNTRACK: chains of prerouting that come before see no connections. */
const CONNTRACK_PRIORITY = -200;

const SYN = new Set(["syn"]);
const SYN_ACK = new Set(["syn", "ack"]);
const DATA = new Set(["ack"]);
const UNTRACKED = { ctState: "invalid", ctStatus: new Set<string>() } as const;
const ESTABLISHED_STATUS = ["confirmed", "seen-reply", "assured"];

/** Every packet of the tunnel that passes `hook`, as a chain of this priority sees it. */
export function packetsAt(
	hook: Hook,
	priority: number,
	place: TunnelPlace,
): readonly TunnelPacket[] {
	const translation = TRANSLATION_PRIORITY[hook];
	const isTranslated = translation === undefined || priority > translation;
	const passage = { hook, isTranslated, place };
	const packets = waysOf(place).flatMap((way) =>
		place.endpoint.role === "client"
			? clientPackets(way, passage)
			: serverPackets(way, passage),
	);
	const isTracked = hook !== "prerouting" || priority > CONNTRACK_PRIORITY;
	return isTracked
		? packets
		: packets.map((packet) => ({ ...packet, ...UNTRACKED }));
}

/** One interface and one remote of one family. */
interface Way {
	readonly family: 4 | 6;
	readonly peer: string;
	readonly link: string;
	readonly remoteAddress: string | null;
	readonly remotePort: number | null;
}

interface Passage {
	readonly hook: Hook;
	/** The addresses are those behind our translation. */
	readonly isTranslated: boolean;
	readonly place: TunnelPlace;
}

type AddressedPacket = Omit<
	TunnelPacket,
	"tcpFlags" | "ctState" | "ctStatus" | "ctDirection"
>;

function waysOf({ endpoint, ...place }: TunnelPlace): readonly Way[] {
	return ([4, 6] as const).flatMap((family) => {
		const peer = family === 4 ? place.peer4 : place.peer6;
		if (peer === null) return [];
		const remotes =
			endpoint.role === "client"
				? endpoint.servers
						.filter((server) => server.family === family)
						.map(({ address, port }) => ({
							remoteAddress: address,
							remotePort: port,
						}))
				: [{ remoteAddress: null, remotePort: null }];
		return place.interfaces[family === 4 ? "ipv4" : "ipv6"].flatMap((link) =>
			remotes.map((remote) => ({ family, peer, link, ...remote })),
		);
	});
}

function clientPackets(way: Way, passage: Passage): readonly TunnelPacket[] {
	const out = outgoingPacket(way, passage);
	const back = incomingPacket(way, passage);
	return [
		{ ...out, ...opening(false) },
		{ ...out, ...established("original", "snat", DATA) },
		{ ...back, ...established("reply", "snat", SYN_ACK) },
		{ ...back, ...established("reply", "snat", DATA) },
	];
}

function serverPackets(way: Way, passage: Passage): readonly TunnelPacket[] {
	const into = incomingPacket(way, passage);
	const back = outgoingPacket(way, passage);
	return [
		{ ...into, ...opening(!into.isToThisHost) },
		{ ...into, ...established("original", "dnat", DATA) },
		{ ...back, ...established("reply", "dnat", SYN_ACK) },
		{ ...back, ...established("reply", "dnat", DATA) },
	];
}

function outgoingPacket(
	way: Way,
	{ hook, isTranslated, place }: Passage,
): AddressedPacket {
	return {
		hook,
		family: way.family,
		direction: "outgoing",
		iif: place.tunName,
		oif: hook === "prerouting" ? null : way.link,
		iifGroup: TUN_GROUP,
		oifGroup: null,
		saddr: hook === "postrouting" && isTranslated ? THIS_HOST : way.peer,
		daddr: way.remoteAddress,
		sport: ownPort(place),
		dport: way.remotePort,
		isToThisHost: false,
	};
}

function incomingPacket(
	way: Way,
	{ hook, isTranslated, place }: Passage,
): AddressedPacket {
	const isToThisHost = hook === "prerouting" && !isTranslated;
	return {
		hook,
		family: way.family,
		direction: "incoming",
		iif: way.link,
		oif: hook === "prerouting" ? null : place.tunName,
		iifGroup: null,
		oifGroup: TUN_GROUP,
		saddr: way.remoteAddress,
		daddr: isToThisHost ? THIS_HOST : way.peer,
		sport: way.remotePort,
		dport: ownPort(place),
		isToThisHost,
	};
}

/** A client has one port per flow. */
function ownPort({ endpoint }: TunnelPlace): number | null {
	return endpoint.role === "server" ? endpoint.port : null;
}

function opening(isRedirected: boolean) {
	return {
		tcpFlags: SYN,
		ctState: "new" as const,
		ctStatus: new Set(isRedirected ? ["dnat"] : []),
		ctDirection: "original" as const,
	};
}

function established(
	ctDirection: "original" | "reply",
	translation: "snat" | "dnat",
	tcpFlags: ReadonlySet<string>,
) {
	return {
		tcpFlags,
		ctState: "established" as const,
		ctStatus: new Set([...ESTABLISHED_STATUS, translation]),
		ctDirection,
	};
}

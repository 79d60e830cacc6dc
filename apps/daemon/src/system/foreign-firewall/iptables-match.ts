// The matches of iptables(8) and iptables-extensions(8) that firewalls use, as conditions on a packet of the tunnel.

import { isIPv4 } from "node:net";
import { nftField } from "./nft-field.js";
import { type Field, literal, matches, type Pattern } from "./packet-field.js";
import type { Condition } from "./ruleset.js";
import { allOf, not, type Truth, truthOf } from "./truth.js";
import type { TunnelPacket } from "./tunnel-packet.js";

export interface IptablesOption {
	/** Without dashes, long form. */
	readonly name: string;
	readonly isNegated: boolean;
	readonly words: readonly string[];
}

type Ask = (packet: TunnelPacket, words: readonly string[]) => Truth;

const ASK: Readonly<Record<string, Ask>> = {
	"in-interface": (packet, [name = ""]) =>
		matches(meta("iifname", packet), interfacePattern(name)),
	"out-interface": (packet, [name = ""]) =>
		matches(meta("oifname", packet), interfacePattern(name)),
	source: (packet, [word = ""]) =>
		matches(address("saddr", packet), addressPattern(word)),
	destination: (packet, [word = ""]) =>
		matches(address("daddr", packet), addressPattern(word)),
	"src-range": (packet, [word = ""]) =>
		matches(address("saddr", packet), addressRange(word)),
	"dst-range": (packet, [word = ""]) =>
		matches(address("daddr", packet), addressRange(word)),
	protocol: (_packet, [name = ""]) =>
		truthOf(["tcp", "6", "all", "0"].includes(name.toLowerCase())),
	"destination-port": (packet, [word = ""]) => portTruth(packet, "dport", word),
	"source-port": (packet, [word = ""]) => portTruth(packet, "sport", word),
	ctstate: stateTruth,
	state: stateTruth,
	ctstatus: (packet, [list = ""]) =>
		truthOf(
			list
				.toLowerCase()
				.split(",")
				.some((word) => packet.ctStatus.has(word.replace("_", "-"))),
		),
	ctdir: (packet, [word = ""]) =>
		truthOf(word.toLowerCase() === packet.ctDirection),
	"dst-type": (packet, [word = ""]) =>
		matches(
			nftField({ fib: { result: "type", flags: ["daddr"] } }, packet),
			literal(word.toLowerCase()),
		),
	"src-type": (_packet, [word = ""]) => truthOf(word === "UNICAST"),
	"tcp-flags": (packet, [mask = "", wanted = ""]) =>
		flagsTruth(packet, mask, wanted),
	syn: (packet) => flagsTruth(packet, "SYN,RST,ACK,FIN", "SYN"),
	// No mark unless somebody gives one on purpose; see nft-field.ts.
	mark: (_packet, [word = ""]) => markTruth(word),
	"pkt-type": (_packet, [word = ""]) => truthOf(word === "unicast"),
	limit: () => "most",
	"hashlimit-upto": () => "most",
	"hashlimit-above": () => "no",
	"connlimit-above": () => "no",
	"connlimit-upto": () => "most",
	"match-set": (packet, [, directions = ""]) =>
		setTruth(packet, directions.split(",")),
	// Forwarded packets have no socket and come over no bridge.
	"uid-owner": () => "no",
	"gid-owner": () => "no",
	"physdev-in": () => "no",
	"physdev-out": () => "no",
	"physdev-is-bridged": () => "no",
	"physdev-is-in": () => "no",
	"physdev-is-out": () => "no",
	transparent: () => "no",
	"icmp-type": () => "no",
	"icmpv6-type": () => "no",
};

/** Options that only set up others. */
const SILENT = new Set([
	...["comment", "match", "limit-burst", "hashlimit-burst", "hashlimit-mode"],
	...["hashlimit-name", "hashlimit-htable-expire", "connlimit-mask"],
	...["connlimit-saddr", "connlimit-daddr", "limit-iface-in"],
]);

/** Null for an option that chooses no packets. */
export function iptablesCondition(option: IptablesOption): Condition | null {
	const { name, isNegated, words } = option;
	if (SILENT.has(name)) return null;
	const ask = ASK[name];
	return (packet) => {
		if (ask === undefined) return "unknown";
		// In prerouting there is no outgoing interface yet; iptables compares with the empty name.
		const truth = ask(packet, words);
		return isNegated ? not(truth) : truth;
	};
}

function meta(key: string, packet: TunnelPacket): Field {
	return nftField({ meta: { key } }, packet);
}

function address(field: "saddr" | "daddr", packet: TunnelPacket): Field {
	const protocol = packet.family === 4 ? "ip" : "ip6";
	return nftField({ payload: { protocol, field } }, packet);
}

function interfacePattern(name: string): Pattern {
	return literal(name.endsWith("+") ? `${name.slice(0, -1)}*` : name);
}

/** "10.0.0.0/8", "10.0.0.0/255.0.0.0" or a plain address. */
function addressPattern(word: string): Pattern {
	const [address = "", mask] = word.split("/");
	if (mask === undefined) return literal(address);
	const lengthBits = isIPv4(mask) ? prefixLength(mask) : Number(mask);
	return lengthBits === null || !Number.isInteger(lengthBits)
		? { kind: "unknown" }
		: { kind: "prefix", address, lengthBits };
}

function prefixLength(mask: string): number | null {
	const bits = mask
		.split(".")
		.map((part) => Number(part).toString(2).padStart(8, "0"))
		.join("");
	return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : null;
}

function addressRange(word: string): Pattern {
	const [from = "", to = from] = word.split("-");
	return { kind: "range", from, to };
}

/** "80", "80:90", "22,80:90". */
function portTruth(
	packet: TunnelPacket,
	side: "sport" | "dport",
	word: string,
): Truth {
	const of = word.split(",").map((part): Pattern => {
		const [first = "", last] = part.split(":");
		if (last === undefined) return literal(Number(first));
		return {
			kind: "range",
			from: Number(first || 0),
			to: Number(last || 65_535),
		};
	});
	const field = { payload: { protocol: "tcp", field: side } };
	return matches(nftField(field, packet), { kind: "any", of });
}

/** DNAT and SNAT are "states" here. */
function stateTruth(
	packet: TunnelPacket,
	[list = ""]: readonly string[],
): Truth {
	const states = list.toLowerCase().split(",");
	return truthOf(
		states.some(
			(state) => state === packet.ctState || packet.ctStatus.has(state),
		),
	);
}

function flagsTruth(packet: TunnelPacket, mask: string, wanted: string): Truth {
	const words = (list: string) =>
		list === "ALL"
			? ["syn", "ack", "fin", "rst", "urg", "psh"]
			: list === "NONE"
				? []
				: list.toLowerCase().split(",");
	const set = words(wanted);
	return allOf(
		words(mask).map((flag) =>
			truthOf(packet.tcpFlags.has(flag) === set.includes(flag)),
		),
	);
}

function markTruth(word: string): Truth {
	const [value = "", mask = "0xffffffff"] = word.split("/");
	const wanted = Number(value);
	if (Number.isNaN(wanted) || Number.isNaN(Number(mask))) return "unknown";
	return truthOf(wanted === 0);
}

/** The sets' content is not read; a set of other ends' addresses is a matter of who they are. */
function setTruth(packet: TunnelPacket, directions: readonly string[]): Truth {
	const isOfOthers = directions.every((side) =>
		side === "src" ? packet.saddr === null : packet.daddr === null,
	);
	return isOfOthers ? "few" : "unknown";
}

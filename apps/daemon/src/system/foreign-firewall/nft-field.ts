// The left side of a match in nft's JSON (libnftables-json(5)) as a field of a packet.

import {
	isJsonObject,
	type JsonObject,
	textOf,
} from "../../config/json-value.js";
import {
	ABSENT,
	addressField,
	type Field,
	numberField,
	text,
	UNKNOWN,
	VARIES,
} from "./packet-field.js";
import type { TunnelPacket } from "./tunnel-packet.js";

export function nftField(expression: unknown, packet: TunnelPacket): Field {
	if (!isJsonObject(expression)) return UNKNOWN;
	const { meta, payload, ct, fib, concat, socket } = expression;
	if (isJsonObject(meta)) return metaField(textOf(meta, "key"), packet);
	if (isJsonObject(payload)) return payloadField(payload, packet);
	if (isJsonObject(ct)) return conntrackField(ct, packet);
	if (isJsonObject(fib)) return routeField(fib, packet);
	// Forwarded packets have none.
	if (socket !== undefined) return ABSENT;
	if (Array.isArray(concat))
		return {
			kind: "concat",
			parts: concat.map((part) => nftField(part, packet)),
		};
	return UNKNOWN;
}

function metaField(key: string | null, packet: TunnelPacket): Field {
	const isIpv4 = packet.family === 4;
	switch (key) {
		case "iifname":
		case "iif":
			return text(packet.iif);
		case "oifname":
		case "oif":
			return packet.oif === null ? ABSENT : text(packet.oif);
		case "iifgroup":
			return groupField(packet.iifGroup);
		case "oifgroup":
			return packet.oif === null ? ABSENT : groupField(packet.oifGroup);
		case "nfproto":
			return isIpv4 ? text("ipv4", 2) : text("ipv6", 10);
		case "protocol":
			return isIpv4 ? text("ip", 0x0800) : text("ip6", 0x86dd);
		case "l4proto":
			return text("tcp", 6);
		// Packets of the tunnel carry no mark, unless somebody gives them one on purpose.
		case "mark":
			return numberField(0);
		case "pkttype":
			return text("host", 0);
		case "skuid":
		case "skgid":
		case "cgroup":
		case "ibrname":
		case "obrname":
		case "ibriport":
			return ABSENT;
		case "length":
		case "time":
		case "hour":
		case "day":
		case "random":
		case "cpu":
			return VARIES;
		default:
			return UNKNOWN;
	}
}

/** An interface whose group is not known is, as nearly all are, in "default". */
function groupField(group: number | null): Field {
	return group === null ? text("default", 0) : text(`group ${group}`, group);
}

const ADDRESS_FIELDS = new Set(["saddr", "daddr"]);

function payloadField(payload: JsonObject, packet: TunnelPacket): Field {
	const protocol = textOf(payload, "protocol");
	const field = textOf(payload, "field");
	if (protocol === "ip" || protocol === "ip6") {
		if ((protocol === "ip") !== (packet.family === 4)) return ABSENT;
		if (field === "protocol" || field === "nexthdr") return text("tcp", 6);
		if (field === null || !ADDRESS_FIELDS.has(field)) return UNKNOWN;
		return addressField(
			packet.family,
			field === "saddr" ? packet.saddr : packet.daddr,
		);
	}
	if (protocol === "tcp" || protocol === "th") {
		if (field === "dport") return numberField(packet.dport);
		if (field === "sport") return numberField(packet.sport);
		if (field === "flags") return { kind: "words", words: packet.tcpFlags };
		return UNKNOWN;
	}
	// Another transport protocol, or a link layer, which a TUN has not.
	if (protocol === "ether" && packet.direction === "incoming") return VARIES;
	return protocol === null ? UNKNOWN : ABSENT;
}

function conntrackField(ct: JsonObject, packet: TunnelPacket): Field {
	const key = textOf(ct, "key");
	if (packet.ctState === "invalid" && key !== "state") return ABSENT;
	switch (key) {
		case "state":
			return { kind: "words", words: new Set([packet.ctState]) };
		case "status":
			return { kind: "words", words: packet.ctStatus };
		case "direction":
			return text(
				packet.ctDirection,
				packet.ctDirection === "original" ? 0 : 1,
			);
		case "l3proto":
			return packet.family === 4 ? text("ipv4", 2) : text("ipv6", 10);
		case "protocol":
			return text("tcp", 6);
		case "mark":
			return numberField(0);
		case "helper":
			return ABSENT;
		default:
			return UNKNOWN;
	}
}

function routeField(fib: JsonObject, packet: TunnelPacket): Field {
	const flags = Array.isArray(fib.flags) ? fib.flags : [fib.flags];
	const result = textOf(fib, "result");
	if (result === "type" && flags.includes("daddr"))
		return packet.isToThisHost ? text("local", 2) : text("unicast", 1);
	if (result === "type") return text("unicast", 1);
	// The way back leads where the packet came from: without that no tunnel would work anyway. JSON says "exists" as true.
	if (flags.includes("saddr") && flags.includes("iif"))
		return { kind: "words", words: new Set(["exists"]) };
	return UNKNOWN;
}

// What a rule can look at in a packet of the tunnel: one field, and its comparison with what the rule names.

import { BlockList, isIPv4, isIPv6 } from "node:net";
import { allOf, anyOf, type Truth, truthOf } from "./truth.js";
import { THIS_HOST } from "./tunnel-packet.js";

/** The value of a field in one packet. */
export type Field =
	| { readonly kind: "text"; readonly text: string; readonly number?: number }
	| { readonly kind: "number"; readonly number: number }
	| {
			readonly kind: "address";
			readonly family: 4 | 6;
			readonly address: string;
	  }
	/** Bits with names: control bits, conntrack's states. */
	| { readonly kind: "words"; readonly words: ReadonlySet<string> }
	| { readonly kind: "concat"; readonly parts: readonly Field[] }
	/** Differs between flows. */
	| { readonly kind: "varies" }
	/** The packet has no such field: the rule fails, also when it asks for "not". */
	| { readonly kind: "absent" }
	| { readonly kind: "unknown" };

export const ABSENT: Field = { kind: "absent" };
export const UNKNOWN: Field = { kind: "unknown" };
export const VARIES: Field = { kind: "varies" };

/** @param number the constant that nft may print instead of the name. */
export function text(value: string, number?: number): Field {
	return number === undefined
		? { kind: "text", text: value }
		: { kind: "text", text: value, number };
}

export function numberField(value: number | null): Field {
	return value === null ? VARIES : { kind: "number", number: value };
}

export function addressField(family: 4 | 6, address: string | null): Field {
	if (address === THIS_HOST) return UNKNOWN;
	return address === null ? VARIES : { kind: "address", family, address };
}

/** What a rule compares with. */
export type Pattern =
	| { readonly kind: "literal"; readonly value: string | number }
	| {
			readonly kind: "range";
			readonly from: string | number;
			readonly to: string | number;
	  }
	| {
			readonly kind: "prefix";
			readonly address: string;
			readonly lengthBits: number;
	  }
	| { readonly kind: "concat"; readonly parts: readonly Pattern[] }
	| { readonly kind: "any"; readonly of: readonly Pattern[] }
	| { readonly kind: "unknown" };

export function literal(value: string | number): Pattern {
	return { kind: "literal", value };
}

/** Whether the field has the value, or one of the values. */
export function matches(field: Field, pattern: Pattern): Truth {
	if (field.kind === "absent") return "no";
	if (pattern.kind === "any")
		return anyOf(pattern.of.map((one) => matches(field, one)));
	if (field.kind === "unknown" || pattern.kind === "unknown") return "unknown";
	if (field.kind === "concat") return matchesConcat(field.parts, pattern);
	if (field.kind === "varies") return isBroad(pattern) ? "most" : "few";
	if (field.kind === "address")
		return matchesAddress(field.family, field.address, pattern);
	if (pattern.kind === "range") return matchesRange(field, pattern);
	if (pattern.kind !== "literal") return "unknown";
	return matchesLiteral(field, pattern.value);
}

/** Ports of a client's flows: a range with more of them than without. */
const EPHEMERAL_PORTS = { from: 1_024, to: 65_535 };
const HALF_OF_PORTS = (EPHEMERAL_PORTS.to - EPHEMERAL_PORTS.from) / 2;

function isBroad(pattern: Pattern): boolean {
	if (pattern.kind !== "range") return false;
	const { from, to } = pattern;
	return (
		typeof from === "number" &&
		typeof to === "number" &&
		Math.min(to, EPHEMERAL_PORTS.to) - Math.max(from, EPHEMERAL_PORTS.from) >
			HALF_OF_PORTS
	);
}

function matchesConcat(fields: readonly Field[], pattern: Pattern): Truth {
	if (pattern.kind !== "concat" || pattern.parts.length !== fields.length)
		return "unknown";
	const truths = fields.map((field, index): Truth => {
		const part = pattern.parts[index];
		return part === undefined ? "unknown" : matches(field, part);
	});
	return allOf(truths);
}

function matchesLiteral(
	field: Extract<Field, { readonly kind: "text" | "number" | "words" }>,
	value: string | number,
): Truth {
	if (field.kind === "words") {
		if (typeof value === "number") return "unknown";
		return truthOf(field.words.has(value));
	}
	if (field.kind === "number")
		return typeof value === "number"
			? truthOf(field.number === value)
			: "unknown";
	if (typeof value === "number")
		return field.number === undefined
			? "unknown"
			: truthOf(field.number === value);
	// "eth*" stands for every name that begins so.
	return value.endsWith("*")
		? truthOf(field.text.startsWith(value.slice(0, -1)))
		: truthOf(field.text === value);
}

function matchesRange(
	field: Extract<Field, { readonly kind: "text" | "number" | "words" }>,
	range: Extract<Pattern, { readonly kind: "range" }>,
): Truth {
	const { from, to } = range;
	if (typeof from !== "number" || typeof to !== "number") return "unknown";
	const value = field.kind === "words" ? undefined : field.number;
	return value === undefined
		? "unknown"
		: truthOf(value >= from && value <= to);
}

function matchesAddress(
	family: 4 | 6,
	address: string,
	pattern: Exclude<Pattern, { readonly kind: "any" }>,
): Truth {
	const list = new BlockList();
	const type = family === 4 ? "ipv4" : "ipv6";
	const isOfFamily = (value: unknown): value is string =>
		typeof value === "string" && (family === 4 ? isIPv4(value) : isIPv6(value));
	switch (pattern.kind) {
		case "literal":
			if (!isOfFamily(pattern.value)) return "unknown";
			list.addAddress(pattern.value, type);
			break;
		case "prefix":
			if (!isOfFamily(pattern.address)) return "unknown";
			list.addSubnet(pattern.address, pattern.lengthBits, type);
			break;
		case "range":
			if (!isOfFamily(pattern.from) || !isOfFamily(pattern.to))
				return "unknown";
			list.addRange(pattern.from, pattern.to, type);
			break;
		default:
			return "unknown";
	}
	return truthOf(list.check(address, type));
}

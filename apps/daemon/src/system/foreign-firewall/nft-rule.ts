// A rule of nft's JSON as conditions and an action; what is not understood stays "unknown".

import {
	isJsonObject,
	type JsonObject,
	numberOf,
	textOf,
} from "../../config/json-value.js";
import { iptablesAction } from "./iptables-target.js";
import { nftField } from "./nft-field.js";
import { type Field, literal, matches, type Pattern } from "./packet-field.js";
import type { Action, Condition, Rule } from "./ruleset.js";
import { allOf, anyOf, not, type Truth, truthOf } from "./truth.js";
import type { TunnelPacket } from "./tunnel-packet.js";

/** Elements of the named sets and maps of a rule's table. */
export type NamedElements = ReadonlyMap<string, readonly unknown[]>;

/** One statement list, cut where it forks: a verdict map is as many rules as it has elements. */
export function nftRules(
	row: JsonObject,
	position: number,
	named: NamedElements,
): readonly Rule[] {
	const conditions: Condition[] = [];
	let packets: number | null = null;
	const statements: readonly unknown[] = Array.isArray(row.expr)
		? row.expr
		: [];
	const finish = (action: Action, more: readonly Condition[] = []): Rule => ({
		handle: numberOf(row, "handle"),
		position,
		conditions: [...conditions, ...more],
		action,
		packets,
		comment: textOf(row, "comment"),
	});
	for (const statement of statements) {
		if (!isJsonObject(statement)) return [finish({ kind: "unknown" })];
		if (isJsonObject(statement.counter))
			packets = numberOf(statement.counter, "packets");
		if (isJsonObject(statement.vmap))
			return verdictMap(statement.vmap, named).map(({ condition, action }) =>
				finish(action, [condition]),
			);
		const action = actionOf(statement);
		if (action !== null) return [finish(action)];
		const condition = conditionOf(statement, named);
		if (condition !== null) conditions.push(condition);
	}
	return [finish({ kind: "continue" })];
}

function actionOf(statement: JsonObject): Action | null {
	for (const kind of [
		"accept",
		"drop",
		"reject",
		"return",
		"continue",
	] as const)
		if (kind in statement) return { kind };
	for (const kind of ["jump", "goto"] as const) {
		const { [kind]: target } = statement;
		if (isJsonObject(target)) {
			const chain = textOf(target, "target");
			return chain === null ? { kind: "unknown" } : { kind, chain };
		}
	}
	for (const word of ["dnat", "snat", "masquerade", "redirect"])
		if (word in statement) return { kind: "translate" };
	for (const word of ["queue", "synproxy", "tproxy"])
		if (word in statement) return { kind: "unknown" };
	const { xt } = statement;
	// What iptables-nft keeps in its own form: nft says only the name.
	return isJsonObject(xt) && xt.type === "target"
		? iptablesAction(textOf(xt, "name") ?? "")
		: null;
}

/** Statements that neither choose packets nor end the rule. */
const INERT = new Set([
	...["counter", "log", "mangle", "set", "map", "notrack", "flow", "dup"],
	...["ct helper", "ct timeout", "ct expectation", "last", "secmark"],
]);

/** Null for a statement that lets every packet go on. */
function conditionOf(
	statement: JsonObject,
	named: NamedElements,
): Condition | null {
	const { match, limit, quota } = statement;
	const [key = ""] = Object.keys(statement);
	if (isJsonObject(match)) return matchCondition(match, named);
	// Below the limit until somebody floods: "over" never, "up to" as a rule.
	if (isJsonObject(limit)) return always(limit.inv === true ? "no" : "most");
	if (isJsonObject(quota)) return always(quota.inv === true ? "no" : "most");
	const count = statement["ct count"];
	if (isJsonObject(count)) return always(count.inv === true ? "no" : "most");
	const { xt } = statement;
	if (isJsonObject(xt) && (xt.type !== "match" || xt.name === "comment"))
		return null;
	return INERT.has(key) ? null : always("unknown");
}

function always(truth: Truth): Condition {
	return () => truth;
}

function matchCondition(match: JsonObject, named: NamedElements): Condition {
	const { left } = match;
	const op = textOf(match, "op") ?? "==";
	if (isJsonObject(left) && Array.isArray(left["&"]))
		return maskCondition(left["&"], match.right, op === "!=");
	const pattern = patternOf(existenceText(match.right), named);
	return (packet) => {
		const field = nftField(left, packet);
		if (field.kind === "absent") return "no";
		switch (op) {
			case "==":
			case "in":
				return isEmptyFlagTest(field, match.right)
					? "no"
					: matches(field, pattern);
			case "!=":
			case "!":
				return not(matches(field, pattern));
			default:
				return compare(field, op, match.right);
		}
	};
}

function isEmptyFlagTest(field: Field, right: unknown): boolean {
	return field.kind === "words" && right === 0;
}

/** `fib … exists` and `missing` are true and false in JSON. */
function existenceText(right: unknown): unknown {
	if (typeof right !== "boolean") return right;
	return right ? "exists" : "missing";
}

/** `flags & (a|b) == c`, and marks under a mask. */
function maskCondition(
	[left, mask]: readonly unknown[],
	right: unknown,
	isNegated: boolean,
): Condition {
	return (packet) => {
		const field = nftField(left, packet);
		const truth = maskedEquals(field, mask, right);
		return isNegated && field.kind !== "absent" ? not(truth) : truth;
	};
}

function maskedEquals(field: Field, mask: unknown, right: unknown): Truth {
	if (field.kind === "absent") return "no";
	if (field.kind === "number" && typeof mask === "number")
		return typeof right === "number"
			? truthOf((field.number & mask) === right)
			: "unknown";
	const masked = wordsOf(mask);
	const wanted = right === 0 ? [] : wordsOf(right);
	if (field.kind !== "words" || masked === null || wanted === null)
		return "unknown";
	return truthOf(
		masked.every((word) => field.words.has(word) === wanted.includes(word)),
	);
}

/** "syn", ["syn", "ack"] or { "|": [...] }. */
function wordsOf(value: unknown): readonly string[] | null {
	if (typeof value === "string") return [value];
	if (isJsonObject(value) && "|" in value) return wordsOf(value["|"]);
	if (!Array.isArray(value)) return null;
	const parts = value.map(wordsOf);
	return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
}

const MAX_PORT = 65_535;

function compare(field: Field, op: string, right: unknown): Truth {
	if (typeof right !== "number") return "unknown";
	if (field.kind === "varies") {
		const isUpwards = op === ">" || op === ">=";
		const [from, to] = isUpwards ? [right, MAX_PORT] : [0, right];
		return matches(field, { kind: "range", from, to });
	}
	if (field.kind !== "number") return "unknown";
	const { number } = field;
	if (op === "<") return truthOf(number < right);
	if (op === ">") return truthOf(number > right);
	if (op === "<=") return truthOf(number <= right);
	return op === ">=" ? truthOf(number >= right) : "unknown";
}

function patternOf(right: unknown, named: NamedElements): Pattern {
	if (typeof right === "number") return literal(right);
	if (typeof right === "string") {
		if (right === "*") return { kind: "any", of: [] };
		if (!right.startsWith("@")) return literal(right);
		const elements = named.get(right.slice(1));
		return elements === undefined
			? { kind: "unknown" }
			: anyPattern(elements, named);
	}
	if (Array.isArray(right)) return anyPattern(right, named);
	if (!isJsonObject(right)) return { kind: "unknown" };
	const { set, range, prefix, elem, concat } = right;
	if (Array.isArray(set)) return anyPattern(set, named);
	if (isJsonObject(elem)) return patternOf(elem.val, named);
	if (Array.isArray(concat))
		return {
			kind: "concat",
			parts: concat.map((part) => patternOf(part, named)),
		};
	if (Array.isArray(range)) return rangePattern(range);
	if (!isJsonObject(prefix)) return { kind: "unknown" };
	const address = textOf(prefix, "addr");
	const lengthBits = numberOf(prefix, "len");
	return address === null || lengthBits === null
		? { kind: "unknown" }
		: { kind: "prefix", address, lengthBits };
}

function anyPattern(list: readonly unknown[], named: NamedElements): Pattern {
	return { kind: "any", of: list.map((one) => patternOf(one, named)) };
}

function rangePattern([from, to]: readonly unknown[]): Pattern {
	if (typeof from === "number" && typeof to === "number")
		return { kind: "range", from, to };
	return typeof from === "string" && typeof to === "string"
		? { kind: "range", from, to }
		: { kind: "unknown" };
}

interface MapEntry {
	readonly condition: Condition;
	readonly action: Action;
}

function verdictMap(
	vmap: JsonObject,
	named: NamedElements,
): readonly MapEntry[] {
	const { key, data } = vmap;
	const entries = isJsonObject(data)
		? data.set
		: typeof data === "string"
			? named.get(data.slice(1))
			: null;
	if (!Array.isArray(entries))
		return [{ condition: always("unknown"), action: { kind: "unknown" } }];
	const pairs = entries.map((entry: unknown) =>
		Array.isArray(entry) ? { value: entry[0], verdict: entry[1] } : {},
	);
	const isCatchAll = (value: unknown) => value === "*";
	const specific = pairs.filter(({ value }) => !isCatchAll(value));
	return pairs.map(({ value, verdict }) => ({
		action: (isJsonObject(verdict) ? actionOf(verdict) : null) ?? {
			kind: "unknown",
		},
		condition: (packet: TunnelPacket) => {
			const field = nftField(key, packet);
			const holds = (wanted: unknown) =>
				matches(field, patternOf(wanted, named));
			if (!isCatchAll(value)) return holds(value);
			return allOf([
				truthOf(field.kind !== "absent"),
				not(anyOf(specific.map((one) => holds(one.value)))),
			]);
		},
	}));
}

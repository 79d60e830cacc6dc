// Finds where in a YAML text a key or a value stands, so that a message can give line and column.

import {
	type Document,
	isAlias,
	isMap,
	isNode,
	isScalar,
	isSeq,
	type LineCounter,
	type Pair,
} from "yaml";

export interface YamlText {
	readonly document: Document;
	readonly lines: LineCounter;
}

/** Both from 1. */
export interface TextPlace {
	readonly line: number;
	readonly column: number;
}

type Path = readonly (string | number)[];

/** Of the key that the path ends with; of the nearest one above it where there is none. */
export function placeOfKey(text: YamlText, path: Path): TextPlace {
	for (let length = path.length; length > 0; length -= 1) {
		const found = find(text, path.slice(0, length));
		if (found !== null) return placeOf(text, found.key ?? found.value);
	}
	return placeOf(text, text.document.contents);
}

/** Of the value that the path leads to; of its key where the value is empty. */
export function placeOfValue(text: YamlText, path: Path): TextPlace {
	if (path.length === 0) return placeOf(text, text.document.contents);
	const found = find(text, path);
	const isEmpty =
		found === null ||
		found.value === null ||
		(isScalar(found.value) && found.value.value === null);
	return isEmpty ? placeOfKey(text, path) : placeOf(text, found.value);
}

export function placeOfOffset(text: YamlText, offset: number): TextPlace {
	const { line, col } = text.lines.linePos(offset);
	// An empty text has no lines at all.
	return { line: Math.max(1, line), column: Math.max(1, col) };
}

interface Found {
	/** Null for an item of a list. */
	readonly key: unknown;
	readonly value: unknown;
}

function find(text: YamlText, path: Path): Found | null {
	let found: Found = { key: null, value: text.document.contents };
	for (const step of path) {
		const node = isAlias(found.value)
			? found.value.resolve(text.document)
			: found.value;
		const next = isMap(node)
			? pairOf(node.items, step)
			: isSeq(node)
				? itemOf(node.items, step)
				: null;
		if (next === null) return null;
		found = next;
	}
	return found;
}

function pairOf(pairs: readonly Pair[], step: string | number): Found | null {
	return (
		pairs.find(
			({ key }) => isScalar(key) && String(key.value) === String(step),
		) ?? null
	);
}

function itemOf(
	items: readonly unknown[],
	step: string | number,
): Found | null {
	const value = items[Number(step)];
	return value === undefined ? null : { key: null, value };
}

function placeOf(text: YamlText, node: unknown): TextPlace {
	const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
	return placeOfOffset(text, offset);
}

// Reads values out of parsed JSON that another program or an earlier run wrote: each getter says null for what is not there.

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects of an array; an empty list for anything else. */
export function objectsOf(value: unknown): readonly JsonObject[] {
	return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function textOf(object: JsonObject, key: string): string | null {
	const value = object[key];
	return typeof value === "string" ? value : null;
}

export function numberOf(object: JsonObject, key: string): number | null {
	const value = object[key];
	return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Null unless it is an array of strings. */
export function textsOf(object: JsonObject, key: string): string[] | null {
	const value = object[key];
	if (!Array.isArray(value)) return null;
	const texts = value.filter((item) => typeof item === "string");
	return texts.length === value.length ? texts : null;
}

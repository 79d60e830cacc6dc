// What is wrong with a configuration file, as values: where, what, what is allowed, and which words the writer may have meant.

import type { z } from "zod";
import {
	type ConfigFile,
	configFileSchema,
	TOP_KEY_SCHEMAS,
} from "./config-file.js";
import { descriptionOf } from "./config-file-setting.js";
import { TUNNEL_KEY_SCHEMAS } from "./config-file-tunnel.js";

type Path = readonly (string | number)[];

export type ConfigProblem =
	/** `path` ends with the key that has no meaning there. */
	| {
			readonly kind: "unknown-key";
			readonly path: Path;
			readonly choices: readonly string[];
	  }
	/** `path` ends with the key that is not there. */
	| {
			readonly kind: "missing-key";
			readonly path: Path;
			readonly allowed: string;
	  }
	| {
			readonly kind: "wrong-value";
			readonly path: Path;
			/** What is allowed, as a phrase, or what is wrong, as a sentence. */
			readonly sentence: string;
			readonly choices: readonly string[];
	  };

export type ConfigFileReading =
	| { readonly isValid: true; readonly file: ConfigFile }
	| { readonly isValid: false; readonly problems: readonly ConfigProblem[] };

/** @param value what the YAML parser made of the file. */
export function readConfigFile(value: unknown): ConfigFileReading {
	const parsed = configFileSchema.safeParse(value);
	if (parsed.success) return { isValid: true, file: parsed.data };
	const problems = parsed.error.issues.flatMap((issue) =>
		problemsOf(issue, value),
	);
	return { isValid: false, problems };
}

function problemsOf(
	issue: z.core.$ZodIssue,
	value: unknown,
): readonly ConfigProblem[] {
	const path = issue.path.filter((step) => typeof step !== "symbol");
	if (issue.code === "unrecognized_keys") {
		const choices = Object.keys(keysAt(path));
		return issue.keys.map((key) => ({
			kind: "unknown-key",
			path: [...path, key],
			choices,
		}));
	}
	if (issue.code === "custom")
		return [
			{ kind: "wrong-value", path, sentence: issue.message, choices: [] },
		];
	if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
		const owner = path.slice(0, -1);
		return [
			...unknownKeys(owner, valueAt(value, owner)),
			problemOfValue(path, value),
		];
	}
	return [problemOfValue(path, value)];
}

/** Without its role a tunnel's other keys have not been looked at; a misspelt "role" is among them. */
function unknownKeys(path: Path, value: unknown): readonly ConfigProblem[] {
	const choices = Object.keys(keysAt(path));
	const keys =
		typeof value === "object" && value !== null ? Object.keys(value) : [];
	return keys
		.filter((key) => !choices.includes(key))
		.map((key) => ({ kind: "unknown-key", path: [...path, key], choices }));
}

function problemOfValue(path: Path, value: unknown): ConfigProblem {
	const { allowed, choices } = descriptionAt(path);
	if (valueAt(value, path) === undefined)
		return { kind: "missing-key", path, allowed };
	return {
		kind: "wrong-value",
		path,
		sentence: `Allowed: ${allowed}.`,
		choices,
	};
}

const A_MAP = {
	allowed: "keys and their values (`key: value`, one in each line)",
	defaultText: null,
	meaning: "",
	choices: [],
};

/** What may stand at a place of the file. */
function descriptionAt(path: Path) {
	const [top, , key] = path;
	const schema =
		path.length === 1
			? TOP_KEY_SCHEMAS[String(top)]
			: key === undefined
				? undefined
				: TUNNEL_KEY_SCHEMAS[String(key)];
	return schema === undefined ? A_MAP : descriptionOf(schema);
}

/** The keys that a map at this place may have. */
function keysAt(path: Path): Readonly<Record<string, z.ZodType>> {
	return path.length === 0 ? TOP_KEY_SCHEMAS : TUNNEL_KEY_SCHEMAS;
}

function valueAt(value: unknown, path: Path): unknown {
	let at: unknown = value;
	for (const step of path) {
		if (typeof at !== "object" || at === null) return undefined;
		at = Reflect.get(at, step);
	}
	return at;
}

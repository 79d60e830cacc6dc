// Reads another program's flags by a table: what becomes of each, and a sentence for each that becomes nothing.

export type YamlValue = string | number | boolean | readonly string[];

/** A tunnel in the making. */
export interface Draft {
	role: "client" | "server" | null;
	/** Keys of the configuration file. */
	readonly keys: Map<string, YamlValue>;
	/** Of the whole file. */
	logLevel: string | null;
	/** What could not be carried over, a sentence each. */
	readonly notes: string[];
}

export interface KnownFlag {
	/** "-l" and "--local". */
	readonly names: readonly string[];
	readonly takesValue: boolean;
	readonly apply: (draft: Draft, value: string, name: string) => void;
}

export function createDraft(role: Draft["role"]): Draft {
	return { role, keys: new Map(), logLevel: null, notes: [] };
}

/** Flags as getopt and clap take them: `-l X`, `-lX`, `--local X`, `--local=X`. */
export function applyFlags(
	draft: Draft,
	words: readonly string[],
	table: readonly KnownFlag[],
): void {
	for (let place = 0; place < words.length; place += 1) {
		const { name, attached } = splitFlag(words[place] ?? "");
		const flag = table.find(({ names }) => names.includes(name));
		if (flag === undefined) {
			const next = words[place + 1] ?? "-";
			const hasValue =
				name.startsWith("-") && attached === null && !next.startsWith("-");
			// The value may be a password: it is not repeated.
			draft.notes.push(
				`${name} is not known and was left out${hasValue ? ", with its value" : ""}.`,
			);
			if (hasValue) place += 1;
			continue;
		}
		if (!flag.takesValue) {
			flag.apply(draft, "", name);
			continue;
		}
		const value = attached ?? words[place + 1] ?? "";
		if (attached === null) place += 1;
		if (value === "")
			draft.notes.push(`${name} has no value and was left out.`);
		else if (/\$[A-Za-z_{%]|%[iInN]/.test(value))
			draft.notes.push(
				`${name} ${value}: the variable's value is not known here; write it into the file yourself.`,
			);
		else flag.apply(draft, value, name);
	}
}

function splitFlag(word: string): { name: string; attached: string | null } {
	const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
	if (long !== undefined) return { name: long, attached: value ?? "" };
	if (/^-[A-Za-z]./.test(word))
		return { name: word.slice(0, 2), attached: word.slice(2) };
	return { name: word, attached: null };
}

/** The value under a key, as it is; a number as a number. */
export function carried(key: string): KnownFlag["apply"] {
	return (draft, value) =>
		draft.keys.set(key, /^\d+$/.test(value) ? Number(value) : value);
}

/** Nothing stands for it in a configuration file; `why` ends the sentence that begins with the flag. */
export function leftOut(why: string): KnownFlag["apply"] {
	return (draft, value, name) =>
		draft.notes.push(`${name}${value === "" ? "" : ` ${value}`} ${why}`);
}

/** Needs nothing in a configuration file, and nothing is lost. */
export function needless(): void {}

// What may follow an option or stand as an argument, read off the option table: for completion.

import type { Argument, Option } from "commander";

export type CompletableValue =
	| { readonly kind: "words"; readonly words: readonly string[] }
	| { readonly kind: "files" }
	| { readonly kind: "interfaces" }
	/** Something that only its user knows. */
	| { readonly kind: "free" };

/** Null for an option that takes no value. */
export function valueOfOption(option: Option): CompletableValue | null {
	if (!option.required && !option.optional) return null;
	if (option.long === "--interface") return { kind: "interfaces" };
	const placeholder = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? "";
	return completable(option.argChoices, placeholder);
}

export function valueOfArgument(argument: Argument): CompletableValue {
	return completable(argument.argChoices, argument.name());
}

function completable(
	choices: readonly string[] | undefined,
	placeholder: string,
): CompletableValue {
	if (choices !== undefined) return { kind: "words", words: choices };
	if (/^(PATH|FILE)(\.\.\.)?$/i.test(placeholder)) return { kind: "files" };
	// "auto|BYTES": the small ones are words, the capital ones stand for something.
	const words = placeholder.includes("|")
		? placeholder.split("|").filter((word) => /^[a-z-]+$/.test(word))
		: [];
	return words.length > 0 ? { kind: "words", words } : { kind: "free" };
}

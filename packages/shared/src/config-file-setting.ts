// How a key of the configuration file is declared: a schema, and beside it what documentation and messages say about it.

import { z } from "zod";
import type { Reading } from "./setting-values.js";

/** What documentation and messages say about a key. */
export interface KeyDescription {
	/** A phrase that follows "allowed: ". */
	readonly allowed: string;
	/** As one would write it; null where the key must be given, "" where nothing stands in for it. */
	readonly defaultText: string | null;
	readonly meaning: string;
	/** Words to choose from, so that a message can name the nearest. */
	readonly choices: readonly string[];
}

type Wording = Omit<KeyDescription, "choices"> &
	Partial<Pick<KeyDescription, "choices">>;

/** A text or a number in the file, read as the command line reads its flags. */
export function textSetting<Value>(read: (text: string) => Reading<Value>) {
	return z
		.union([z.string(), z.number()])
		.transform((written, context): Value => {
			const reading = read(String(written));
			if (reading.isAllowed) return reading.value;
			context.addIssue({ code: "custom", message: reading.complaint });
			return z.NEVER;
		});
}

/** What the description of a choice of words says. */
export function words(choices: readonly string[]) {
	return { allowed: choices.map((word) => `\`${word}\``).join(", "), choices };
}

/** Last in a chain: zod keeps a description with the very schema that it was given to. */
export function described<Schema extends z.ZodType>(
	schema: Schema,
	wording: Wording,
): Schema {
	return schema.meta({ choices: [], ...wording });
}

/** Throws for a schema without one: a key nobody documented is a mistake of ours. */
export function descriptionOf(schema: z.ZodType): KeyDescription {
	const parsed = keyDescriptionSchema.safeParse(schema.meta());
	if (parsed.success) return parsed.data;
	throw new Error("a key of the configuration file has no description");
}

const keyDescriptionSchema = z.object({
	allowed: z.string(),
	defaultText: z.string().nullable(),
	meaning: z.string(),
	choices: z.array(z.string()),
});

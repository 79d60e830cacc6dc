// What the link program is told: once on its command line, and later as JSON lines on its standard input.

import { z } from "zod";
import { sizePlanSchema } from "../../traffic/traffic-config.js";
import { impairmentsSchema } from "./impairments.js";

const watched = z
	.object({ stream: z.number().int(), sizes: sizePlanSchema })
	.strict()
	.nullable();

export const linkConfigSchema = z
	.object({
		/** Names of the two TUNs. */
		client: z.string(),
		server: z.string(),
		seed: z.number().int(),
		up: impairmentsSchema,
		down: impairmentsSchema,
		watchUp: watched,
		watchDown: watched,
	})
	.strict();
export type LinkConfig = Readonly<z.infer<typeof linkConfigSchema>>;

export const linkCommandSchema = z.discriminatedUnion("command", [
	/** A direction that is not given stays as it is. */
	z.object({
		command: z.literal("set"),
		id: z.number().int(),
		up: impairmentsSchema.optional(),
		down: impairmentsSchema.optional(),
	}),
	z.object({ command: z.literal("ledger"), id: z.number().int() }),
]);
export type LinkCommand = Readonly<z.infer<typeof linkCommandSchema>>;

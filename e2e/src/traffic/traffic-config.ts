// What a traffic endpoint is told on its command line, as JSON, checked by zod.

import { z } from "zod";

/** A week: setTimeout takes no more than 24 days. */
const MAX_SECONDS = 7 * 86_400;

const address = z
	.object({
		family: z.union([z.literal(4), z.literal(6)]),
		address: z.string(),
		port: z.number().int().min(0).max(65_535),
	})
	.strict();

const size = z.number().int().min(1).max(65_507);

/** How large the n-th datagram of a stream is: `SizePlan` of size-plan.ts. */
export const sizePlanSchema = z.union([
	z.object({ kind: z.literal("fixed"), bytes: size }).strict(),
	z
		.object({
			kind: z.literal("sweep"),
			from: size,
			to: size,
			repeat: z.number().int().min(1),
		})
		.strict(),
	z
		.object({
			kind: z.literal("cycle"),
			bytes: z.array(size).min(1).readonly(),
		})
		.strict(),
]);

const sending = z
	.object({
		/** Datagrams per flow. */
		count: z.number().int().min(1),
		/** Over all flows together. */
		rate: z.number().positive(),
		/** Datagrams per second, or payload bits per second. */
		unit: z.enum(["datagrams", "bits"]),
		/** Most datagrams of one size that go out in one piece (a GSO train on batch sockets). */
		train: z.number().int().min(1).max(64),
	})
	.strict();

export const trafficConfigSchema = z
	.object({
		/** The opener connects one socket per flow; the answerer listens and learns flows from what arrives. */
		role: z.enum(["open", "answer"]),
		io: z.enum(["node", "native"]),
		bind: address.optional(),
		target: address.optional(),
		flows: z.number().int().min(1).max(10_000),
		/** The stream that this end sends; without it an opener sends only hellos. */
		send: sending.optional(),
		/** Answerer: send back every valid datagram of the opener's stream. */
		echo: z.boolean(),
		/** Which stream this end judges: the peer's, or its own coming back. */
		judge: z.enum(["peer", "own-echo", "none"]),
		/** Ends by itself when each flow has received this many different datagrams. */
		expectPerFlow: z.number().int().min(1).optional(),
		/** With `expectPerFlow`: gives up when nothing came for this long after the first arrival. */
		patienceMs: z.number().min(0).max(60_000),
		/** Sizes of both streams. */
		sizes: sizePlanSchema,
		/** Ends at the latest after this time. */
		maxSeconds: z.number().positive().max(MAX_SECONDS),
		/** After the last thing to send: waits until nothing arrives for this long. */
		lingerMs: z.number().min(0).max(60_000),
		/** Prints a progress line this often; 0 never. */
		progressMs: z.number().min(0),
	})
	.strict();

export type TrafficConfig = z.infer<typeof trafficConfigSchema>;

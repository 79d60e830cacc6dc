// What an impaired link may do to the packets of one direction; checked by zod, because it crosses a process boundary.

import { z } from "zod";

const share = z.number().min(0).max(1);
const durationMs = z.number().min(0).max(60_000);

export const impairmentsSchema = z
	.object({
		delayMs: durationMs.optional(),
		/** Added to the delay, uniform between minus and plus this; the sum is never below zero. */
		jitterMs: durationMs.optional(),
		/** Jitter never lets a packet overtake another one. */
		keepsOrder: z.boolean().optional(),
		/** Shares are of all packets, 0 to 1. */
		lossShare: share.optional(),
		/** The copy leaves right behind the original. */
		duplicateShare: share.optional(),
		/** This share is held back by so much more than the rest. */
		reorder: z.object({ share, byMs: durationMs }).strict().optional(),
		/** One bit of any octet behind the IP header is flipped; no checksum is repaired. */
		corruptShare: share.optional(),
		/** Packets above so many bytes vanish: a black hole. (With an ICMP answer: `setMtu` of the link.) */
		blackHoleAboveBytes: z.number().int().min(68).optional(),
		/** Everything vanishes in these windows, counted from the moment when the impairments were set. */
		blackouts: z
			.array(z.object({ fromMs: z.number(), untilMs: z.number() }).strict())
			.readonly()
			.optional(),
	})
	.strict();

export type Impairments = Readonly<z.infer<typeof impairmentsSchema>>;

/** "up": from the client's side to the server's. */
export const DIRECTIONS = ["up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

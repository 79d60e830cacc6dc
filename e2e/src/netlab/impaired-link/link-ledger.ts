// Everything that the link did in one direction, counted; and what its far end would have to see of a watched stream.

import { z } from "zod";

const count = z.number().int();

const directionLedger = z.object({
	/** Packets that entered the link, chatter not among them. */
	entered: count,
	enteredWithPayload: count,
	/** The kernel's own multicast, taken off the link. */
	chatter: count,
	lost: count,
	blackedOut: count,
	tooBig: count,
	/** Copies that were added. */
	duplicated: count,
	/** Held back on purpose, so that others overtake. */
	late: count,
	/** Packets (and copies) that left with a flipped bit. */
	corrupted: count,
	/** Packets and copies that left. */
	left: count,
	/** The kernel did not take them: a fault of the lab. */
	refused: count,
	/** Still on their way. */
	waiting: count,
	/** Of the watched stream, as it left the link uncorrupted; null when none is watched. */
	watched: z
		.object({
			/** Different datagrams. */
			received: count,
			duplicates: count,
			/** Datagrams that left behind a later one. */
			reordered: count,
		})
		.nullable(),
});
export type DirectionLedger = Readonly<z.infer<typeof directionLedger>>;

/** A line on the link program's standard output. */
export const linkLineSchema = z.discriminatedUnion("event", [
	z.object({ event: z.literal("ready") }),
	z.object({ event: z.literal("set"), id: count }),
	z.object({
		event: z.literal("ledger"),
		id: count,
		up: directionLedger,
		down: directionLedger,
	}),
]);
export type LinkLine = Readonly<z.infer<typeof linkLineSchema>>;

/** Packets that are in no counter, or (negative) in two; the ledger's own check. */
export function packetsUnaccounted(ledger: DirectionLedger): number {
	const { entered, duplicated, lost, blackedOut, tooBig } = ledger;
	const { left, refused, waiting } = ledger;
	return (
		entered +
		duplicated -
		(lost + blackedOut + tooBig) -
		(left + refused + waiting)
	);
}

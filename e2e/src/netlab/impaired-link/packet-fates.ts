// Decides what happens to the n-th packet of a direction: a function of seed, n, the packet's size and the impairments.

import type { Direction, Impairments } from "./impairments.js";
import { RandomStream } from "./random-stream.js";

export interface Fate {
	readonly kind: "forwarded" | "lost" | "blacked-out" | "too-big";
	readonly delayMs: number;
	readonly isDuplicated: boolean;
	/** Held back behind its successors on purpose. */
	readonly isLate: boolean;
	/** Which bit behind the IP header is flipped, counted from its end; null for none. */
	readonly flippedBit: number | null;
}

export interface PacketShape {
	readonly totalBytes: number;
	/** Of the IP header, which is never corrupted. */
	readonly ipHeaderBytes: number;
}

const PURPOSES = [
	"loss",
	"duplicate",
	"reorder",
	"corrupt",
	"corrupt-where",
	"jitter",
] as const;
type Draws = Readonly<Record<(typeof PURPOSES)[number], number>>;

export class PacketFates {
	readonly #streams: readonly (readonly [
		(typeof PURPOSES)[number],
		RandomStream,
	])[];

	constructor(seed: number, direction: Direction) {
		this.#streams = PURPOSES.map(
			(purpose) =>
				[purpose, new RandomStream(seed, `${direction} ${purpose}`)] as const,
		);
	}

	/** @param sinceSetMs time since the impairments were set. */
	next(
		packet: PacketShape,
		impairments: Impairments,
		sinceSetMs: number,
	): Fate {
		// Every packet draws every number, so that a change at run time leaves the rest of the sequence as it was.
		const draws = this.#draw();
		const obstacle = obstacleFor(packet, impairments, sinceSetMs);
		const isLost = draws.loss < (impairments.lossShare ?? 0);
		const { delayMs = 0, jitterMs = 0, reorder } = impairments;
		const isLate = reorder !== undefined && draws.reorder < reorder.share;
		const swing = (2 * draws.jitter - 1) * jitterMs;
		const bits = (packet.totalBytes - packet.ipHeaderBytes) * 8;
		const isCorrupt = draws.corrupt < (impairments.corruptShare ?? 0);
		return {
			kind: obstacle ?? (isLost ? "lost" : "forwarded"),
			delayMs: Math.max(0, delayMs + swing) + (isLate ? reorder.byMs : 0),
			isDuplicated: draws.duplicate < (impairments.duplicateShare ?? 0),
			isLate,
			flippedBit:
				isCorrupt && bits > 0
					? Math.floor(draws["corrupt-where"] * bits)
					: null,
		};
	}

	#draw(): Draws {
		const draws: Record<(typeof PURPOSES)[number], number> = {
			loss: 0,
			duplicate: 0,
			reorder: 0,
			corrupt: 0,
			"corrupt-where": 0,
			jitter: 0,
		};
		for (const [purpose, stream] of this.#streams)
			draws[purpose] = stream.next();
		return draws;
	}
}

/** What stops a packet without any chance in it; null when nothing does. */
function obstacleFor(
	packet: PacketShape,
	{ blackouts = [], blackHoleAboveBytes }: Impairments,
	sinceSetMs: number,
): "blacked-out" | "too-big" | null {
	const isDark = blackouts.some(
		({ fromMs, untilMs }) => sinceSetMs >= fromMs && sinceSetMs < untilMs,
	);
	if (isDark) return "blacked-out";
	const limit = blackHoleAboveBytes ?? Number.POSITIVE_INFINITY;
	return packet.totalBytes > limit ? "too-big" : null;
}

// Reassembly as a map of octets: slow, obvious, without limits of memory; the reference for the real one.

import type { DropReasonName } from "../wire/drop-reason.js";
import type { FragmentPart } from "./cut-fragments.js";

/** What became of one fragment. */
export type SlowFate =
	| "held"
	| DropReasonName
	/** The payload of the whole datagram. */
	| Uint8Array;

interface Begun {
	readonly createdMs: number;
	readonly parts: FragmentPart[];
	/** Octet by octet, by place. */
	readonly octets: Map<number, number>;
	totalLength: number | null;
	spoiltBy: DropReasonName | null;
}

export class SlowReassembler {
	/** Pieces that were discarded after they had been kept, by reason. */
	readonly lost: Record<string, number> = {};
	readonly #begun = new Map<string, Begun>();
	readonly #maxPieces: number;
	readonly #timeoutMs: number;

	constructor(limits: {
		readonly maxPieces: number;
		readonly timeoutMs: number;
	}) {
		this.#maxPieces = limits.maxPieces;
		this.#timeoutMs = limits.timeoutMs;
	}

	get heldPieces(): number {
		let pieces = 0;
		for (const { parts } of this.#begun.values()) pieces += parts.length;
		return pieces;
	}

	/** @param headerLength of the IP header, for what must not get longer than IP allows. */
	take(
		key: string,
		part: FragmentPart,
		at: { readonly nowMs: number; readonly countedHeaderLength: number },
	): SlowFate {
		const end = part.start + part.payload.length;
		if (isMalformed(part)) return "fragment-malformed";
		if (at.countedHeaderLength + end > 65_535) return "fragment-too-long";
		this.expire(at.nowMs);
		const begun = this.#begun.get(key) ?? this.#begin(key, at.nowMs);
		if (begun.spoiltBy !== null) return begun.spoiltBy;
		if (begun.parts.some((known) => isSamePart(known, part)))
			return "fragment-duplicate";
		if (contradicts(begun, part)) return this.#spoil(begun, "fragment-overlap");
		if (begun.parts.length === this.#maxPieces)
			return this.#spoil(begun, "fragment-too-many");
		begun.parts.push(part);
		for (const [index, octet] of part.payload.entries())
			begun.octets.set(part.start + index, octet);
		if (!part.hasMore) begun.totalLength = end;
		if (begun.totalLength !== begun.octets.size) return "held";
		this.#begun.delete(key);
		return Uint8Array.from(
			{ length: begun.octets.size },
			(_, place) => begun.octets.get(place) ?? 0,
		);
	}

	expire(nowMs: number): void {
		for (const [key, begun] of this.#begun) {
			if (nowMs - begun.createdMs < this.#timeoutMs) continue;
			this.#lose("fragment-timeout", begun.parts.length);
			this.#begun.delete(key);
		}
	}

	#begin(key: string, nowMs: number): Begun {
		const begun: Begun = {
			createdMs: nowMs,
			parts: [],
			octets: new Map(),
			totalLength: null,
			spoiltBy: null,
		};
		this.#begun.set(key, begun);
		return begun;
	}

	#spoil(begun: Begun, reason: DropReasonName): DropReasonName {
		this.#lose(reason, begun.parts.length);
		begun.parts.length = 0;
		begun.octets.clear();
		begun.spoiltBy = reason;
		return reason;
	}

	#lose(reason: DropReasonName, pieces: number): void {
		if (pieces > 0) this.lost[reason] = (this.lost[reason] ?? 0) + pieces;
	}
}

function isMalformed({ start, payload, hasMore }: FragmentPart): boolean {
	if (payload.length === 0) return true;
	if (hasMore && payload.length % 8 !== 0) return true;
	return start === 0 ? payload.length < 20 : start < 20;
}

function isSamePart(a: FragmentPart, b: FragmentPart): boolean {
	return (
		a.start === b.start &&
		a.hasMore === b.hasMore &&
		a.payload.length === b.payload.length &&
		a.payload.every((octet, index) => octet === b.payload[index])
	);
}

function contradicts(begun: Begun, part: FragmentPart): boolean {
	const end = part.start + part.payload.length;
	for (let place = part.start; place < end; place++)
		if (begun.octets.has(place)) return true;
	if (begun.totalLength !== null && end > begun.totalLength) return true;
	if (part.hasMore) return false;
	for (const place of begun.octets.keys()) if (place >= end) return true;
	return false;
}

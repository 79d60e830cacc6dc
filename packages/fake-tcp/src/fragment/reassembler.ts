// Puts IP datagrams together from fragments, for both families: RFC 815's idea of holes, kept as the sorted list of what is not one.

import { DROP, type DropReason } from "../wire/drop-reason.js";
import type { FragmentFields } from "../wire/fragment-fields.js";
import type { IpFamily } from "../wire/ip-address.js";
import { IPV4_HEADER_BYTES } from "../wire/ipv4.js";
import type { SegmentView } from "../wire/segment-view.js";
import { TCP_HEADER_BYTES } from "../wire/tcp.js";
import { IncompleteDatagrams, type WordHash } from "./incomplete-datagrams.js";
import { PieceStore } from "./piece-store.js";
import type { ReassemblyLimits } from "./reassembly-limits.js";
import {
	blocksIn,
	type MemoryRegion,
	NONE,
	ReassemblyMemory,
} from "./reassembly-memory.js";
import { type PiecesLost, RoomMaker } from "./room-maker.js";
import {
	finishIpv4,
	finishIpv6,
	fitsOneDatagram,
	type WholeParts,
} from "./whole-datagram.js";

/** `take`: the fragment is kept until the rest comes. */
export const HELD = -1;
/** `take`: it was the last one missing, and `whole` is the datagram. */
export const WHOLE = -2;

const MALFORMED = DROP["fragment-malformed"];
const TOO_LONG = DROP["fragment-too-long"];
const OVERLAP = DROP["fragment-overlap"];
const DUPLICATE = DROP["fragment-duplicate"];
const TOO_MANY = DROP["fragment-too-many"];
const EVICTED = DROP["fragment-evicted"];
const TIMEOUT = DROP["fragment-timeout"];
const FINE = -1;
const LARGEST_PACKET_BYTES = 0xffff;

interface ReassemblerOptions {
	readonly arena: Uint8Array;
	/** `reassemblyRegionBytes(limits)` octets of the arena, all zeros. */
	readonly region: MemoryRegion;
	readonly limits: ReassemblyLimits;
	readonly hash: WordHash;
	readonly lost: PiecesLost;
	/** Datagrams that were whole are about to be overwritten: whoever refers to them lets go. */
	readonly releaseWhole: () => void;
}

/** A datagram put together, valid until `releaseWhole` or `beginBatch`. */
interface WholeDatagram {
	offset: number;
	length: number;
	pieces: number;
	/** Octets of the largest fragment: what the path let through. */
	largestPacketLength: number;
}

export class Reassembler {
	readonly whole: WholeDatagram = {
		offset: 0,
		length: 0,
		pieces: 0,
		largestPacketLength: 0,
	};
	/** Fragments that are kept now. */
	heldPieces = 0;
	readonly #options: ReassemblerOptions;
	readonly #view: DataView;
	readonly #pieces: PieceStore;
	readonly #datagrams: IncompleteDatagrams;
	readonly #roomMaker: RoomMaker;
	readonly #wholeRegion: MemoryRegion;
	#wholeUsed = 0;

	constructor(options: ReassemblerOptions) {
		const { arena, region, limits, hash } = options;
		const memory = new ReassemblyMemory(arena, region);
		this.#options = options;
		this.#view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength);
		this.#pieces = new PieceStore(memory, blocksIn(limits));
		this.#datagrams = new IncompleteDatagrams(memory, this.#pieces, {
			capacity: limits.maxDatagrams,
			hash,
		});
		this.#roomMaker = new RoomMaker(this.#datagrams, this.#pieces, {
			limits,
			lost: (reason, pieces) => this.#lose(reason, pieces),
		});
		this.#wholeRegion = memory.wholeRegion();
	}

	/** Memory that fragments take now, in whole blocks. */
	get heldBytes(): number {
		return this.#pieces.usedBytes;
	}

	/** Nobody refers to earlier datagrams any more. */
	beginBatch(): void {
		this.#wholeUsed = 0;
	}

	/**
	 * The fragment that the view holds; it is for us.
	 * @returns `HELD`, `WHOLE`, or why this one is discarded.
	 */
	take(
		segment: SegmentView,
		nowMs: number,
	): typeof HELD | typeof WHOLE | DropReason {
		const { fragment } = segment;
		const refusal = refusalOf(segment.family, fragment);
		if (refusal !== FINE) return refusal;
		const slot = this.#slotFor(segment, nowMs);
		const spoiltBy = this.#datagrams.spoiltBy[slot] ?? 0;
		if (spoiltBy > 0) return spoiltBy - 1;
		const before = this.#pieceBefore(slot, fragment.start);
		const clash = this.#clashOf(slot, before, fragment);
		if (clash === OVERLAP) return this.#spoil(slot, OVERLAP);
		if (clash !== FINE) return clash;
		const { maxPieces } = this.#options.limits;
		if ((this.#datagrams.pieceCount[slot] ?? 0) >= maxPieces)
			return this.#spoil(slot, TOO_MANY);
		if (!this.#roomMaker.forBytes(slot, bytesOf(fragment)))
			return this.#spoil(slot, EVICTED);
		this.#insert(slot, before, segment);
		return this.#isComplete(slot) ? this.#assemble(slot, segment.family) : HELD;
	}

	/** Discards what has waited too long. */
	expire(nowMs: number): void {
		const datagrams = this.#datagrams;
		const oldestKeptMs = nowMs - this.#options.limits.timeoutMs;
		while (
			datagrams.oldest !== NONE &&
			(datagrams.createdMs[datagrams.oldest] ?? 0) <= oldestKeptMs
		)
			this.#forget(datagrams.oldest);
	}

	/** Discards everything. */
	clear(): void {
		while (this.#datagrams.oldest !== NONE)
			this.#forget(this.#datagrams.oldest);
	}

	#forget(slot: number): void {
		const pieces = this.#datagrams.pieceCount[slot] ?? 0;
		this.#datagrams.release(slot);
		if (pieces > 0) this.#lose(TIMEOUT, pieces);
	}

	#lose(reason: DropReason, pieces: number): void {
		this.heldPieces -= pieces;
		this.#options.lost(reason, pieces);
	}

	/**
	 * RFC 5722 §4: "the entire datagram (and any constituent fragments, including those not yet received) MUST be
	 * silently discarded". Those not yet received are known by the slot, which stays until its time is up.
	 */
	#spoil(slot: number, reason: DropReason): DropReason {
		const pieces = this.#datagrams.pieceCount[slot] ?? 0;
		this.#datagrams.empty(slot);
		this.#datagrams.spoiltBy[slot] = 1 + reason;
		if (pieces > 0) this.#lose(reason, pieces);
		return reason;
	}

	/** The fragment's datagram, begun if it is new. */
	#slotFor(segment: SegmentView, nowMs: number): number {
		const datagrams = this.#datagrams;
		const { key } = datagrams;
		const { fragment, family } = segment;
		key.set(segment.source);
		key[4] = fragment.identification;
		// RFC 8200 §4.5: next headers of one packet's fragments may differ, so only IPv4's protocol is a part of the key.
		key[5] = family === 4 ? (4 << 8) | fragment.protocol : 6 << 8;
		const known = datagrams.find();
		if (known !== NONE) {
			const ageMs = nowMs - (datagrams.createdMs[known] ?? 0);
			if (ageMs < this.#options.limits.timeoutMs) return known;
			this.#forget(known);
		}
		const source = datagrams.sourcePlace();
		this.#roomMaker.forDatagram(source);
		return datagrams.begin(source, nowMs);
	}

	/** The last piece that starts before `start`, or at it; `NONE` when there is none. */
	#pieceBefore(slot: number, start: number): number {
		const { start: startOf, nextPiece } = this.#pieces;
		const last = this.#datagrams.lastPiece[slot] ?? NONE;
		// In order, as nearly always.
		if (last !== NONE && (startOf[last] ?? 0) <= start) return last;
		let before = NONE;
		let next = this.#datagrams.firstPiece[slot] ?? NONE;
		while (next !== NONE && (startOf[next] ?? 0) <= start) {
			before = next;
			next = nextPiece[next] ?? NONE;
		}
		return before;
	}

	#clashOf(
		slot: number,
		before: number,
		fragment: FragmentFields,
	): DropReason | typeof FINE {
		const datagrams = this.#datagrams;
		const { start, length, nextPiece } = this.#pieces;
		const totalLength = datagrams.totalLength[slot] ?? 0;
		const end = fragment.start + fragment.length;
		if (before !== NONE) {
			const beforeEnd = (start[before] ?? 0) + (length[before] ?? 0);
			const isSame = start[before] === fragment.start && beforeEnd === end;
			const isLast = totalLength > 0 && beforeEnd === totalLength;
			if (isSame)
				return isLast === !fragment.hasMore &&
					this.#pieces.equals(before, fragment.payloadOffset)
					? DUPLICATE
					: OVERLAP;
			// Behind the datagram's end there is nothing.
			if (beforeEnd > fragment.start || isLast) return OVERLAP;
		}
		const next =
			before === NONE
				? (datagrams.firstPiece[slot] ?? NONE)
				: (nextPiece[before] ?? NONE);
		if (next === NONE) return FINE;
		// A last piece with something behind it contradicts that.
		return (start[next] ?? 0) < end || !fragment.hasMore ? OVERLAP : FINE;
	}

	#insert(slot: number, before: number, segment: SegmentView): void {
		const { fragment } = segment;
		const datagrams = this.#datagrams;
		const pieces = this.#pieces;
		const piece = pieces.put(fragment.payloadOffset, fragment.length);
		pieces.start[piece] = fragment.start;
		if (before === NONE) {
			pieces.nextPiece[piece] = datagrams.firstPiece[slot] ?? NONE;
			datagrams.firstPiece[slot] = piece;
		} else {
			pieces.nextPiece[piece] = pieces.nextPiece[before] ?? NONE;
			pieces.nextPiece[before] = piece;
		}
		if (pieces.nextPiece[piece] === NONE) datagrams.lastPiece[slot] = piece;
		if (fragment.start === 0) {
			datagrams.header[slot] = pieces.put(
				segment.ipOffset,
				fragment.headerLength,
			);
			datagrams.namedAt[slot] = fragment.namedAt;
			datagrams.protocol[slot] = fragment.protocol;
		}
		if (!fragment.hasMore)
			datagrams.totalLength[slot] = fragment.start + fragment.length;
		datagrams.pieceCount[slot] = (datagrams.pieceCount[slot] ?? 0) + 1;
		datagrams.receivedLength[slot] =
			(datagrams.receivedLength[slot] ?? 0) + fragment.length;
		datagrams.largestPacketLength[slot] = Math.max(
			datagrams.largestPacketLength[slot] ?? 0,
			fragment.packetLength,
		);
		datagrams.account(slot, bytesOf(fragment));
		this.heldPieces++;
	}

	/** Nothing overlaps, so what is as long as it should be has no holes. */
	#isComplete(slot: number): boolean {
		const totalLength = this.#datagrams.totalLength[slot] ?? 0;
		return (
			totalLength > 0 && this.#datagrams.receivedLength[slot] === totalLength
		);
	}

	#assemble(slot: number, family: IpFamily): typeof WHOLE | DropReason {
		const datagrams = this.#datagrams;
		const header = datagrams.header[slot] ?? NONE;
		const headerLength = this.#pieces.length[header] ?? 0;
		const payloadLength = datagrams.totalLength[slot] ?? 0;
		const pieceCount = datagrams.pieceCount[slot] ?? 0;
		if (!fitsOneDatagram(family, headerLength, payloadLength)) {
			// The piece that completed it is not lost twice: its fate is the return value.
			this.heldPieces--;
			datagrams.pieceCount[slot] = pieceCount - 1;
			return this.#spoil(slot, TOO_LONG);
		}
		const offset = this.#wholeRoom(headerLength + payloadLength);
		const parts = { offset, headerLength, payloadLength };
		this.#copyTo(slot, parts);
		if (family === 4) finishIpv4(this.#view, parts);
		else
			finishIpv6(this.#view, parts, {
				namedAt: datagrams.namedAt[slot] ?? 0,
				protocol: datagrams.protocol[slot] ?? 0,
			});
		this.whole.offset = offset;
		this.whole.length = headerLength + payloadLength;
		this.whole.pieces = pieceCount;
		this.whole.largestPacketLength = datagrams.largestPacketLength[slot] ?? 0;
		this.heldPieces -= pieceCount;
		datagrams.release(slot);
		return WHOLE;
	}

	#copyTo(slot: number, parts: WholeParts): void {
		const pieces = this.#pieces;
		pieces.copyTo(this.#datagrams.header[slot] ?? NONE, parts.offset);
		const payload = parts.offset + parts.headerLength;
		for (
			let piece = this.#datagrams.firstPiece[slot] ?? NONE;
			piece !== NONE;
			piece = pieces.nextPiece[piece] ?? NONE
		)
			pieces.copyTo(piece, payload + (pieces.start[piece] ?? 0));
	}

	#wholeRoom(length: number): number {
		if (this.#wholeUsed + length > this.#wholeRegion.length) {
			this.#options.releaseWhole();
			this.#wholeUsed = 0;
		}
		const offset = this.#wholeRegion.offset + this.#wholeUsed;
		this.#wholeUsed += length;
		return offset;
	}
}

/** Why a fragment cannot be part of any datagram, whatever the others are. Only itself is discarded for that. */
function refusalOf(
	family: IpFamily,
	fragment: FragmentFields,
): DropReason | typeof FINE {
	const { start, length, hasMore } = fragment;
	if (length === 0) return MALFORMED;
	// RFC 8200 §4.5, and RFC 791 §3.2 by the unit of its offset.
	if (hasMore && length % 8 !== 0) return MALFORMED;
	// RFC 1858 §3.2 and RFC 7112 §5: the first fragment holds the whole TCP header, so none begins inside of it.
	// DEVIATION: RFC 791 allows first fragments of 8 octets, but no link since has made any.
	if (start === 0 ? length < TCP_HEADER_BYTES : start < TCP_HEADER_BYTES)
		return MALFORMED;
	// Ping of death: never a 16-bit sum. Longer headers than these are counted when the first fragment is there.
	const headers = family === 4 ? IPV4_HEADER_BYTES : 0;
	return headers + start + length > LARGEST_PACKET_BYTES ? TOO_LONG : FINE;
}

/** Memory that keeping it takes. */
function bytesOf(fragment: FragmentFields): number {
	const headers =
		fragment.start === 0 ? PieceStore.bytesFor(fragment.headerLength) : 0;
	return headers + PieceStore.bytesFor(fragment.length);
}

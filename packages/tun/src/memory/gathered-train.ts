// One train of a batch, copied out of the arena, with the same checks as the native code.

import type { GatherTrains } from "../gather-trains.js";
import { invariant } from "../invariant.js";
import {
	MAX_SINGLE_PACKET_BYTES,
	MAX_TRAIN_PACKET_BYTES,
	TRAIN_FAULT,
	throwOnFault,
} from "../train-faults.js";
import { ipHeaderLength, type Train } from "./segmentation.js";
import { byteAt, numberAt } from "./tcp-segment.js";

const MIN_HEADER_BYTES = 40;
const MIN_IP_HEADER_BYTES = 20;
const MAX_HEADER_BYTES = 120;

/** The element at `index` of an array that has one. */
export function elementAt(array: Int32Array, index: number): number {
	const element = array[index];
	invariant(element !== undefined, `There is no entry ${index}.`);
	return element;
}

function copyOf(arena: Uint8Array, offset: number, length: number): Uint8Array {
	const isInside =
		offset >= 0 && length >= 1 && offset <= arena.length - length;
	throwOnFault(isInside ? TRAIN_FAULT.none : TRAIN_FAULT.regionOutsideArena);
	return arena.slice(offset, offset + length);
}

/** Throws InvariantError when the regions do not make up the train. */
export function gatherPayload(
	trains: GatherTrains,
	index: number,
	arena: Uint8Array,
): Uint8Array {
	const totalLength = elementAt(trains.totalLength, index);
	const segmentSize = elementAt(trains.segmentSize, index);
	const isSizeOk =
		totalLength >= 0 &&
		segmentSize >= 0 &&
		(totalLength === 0 || segmentSize > 0);
	throwOnFault(isSizeOk ? TRAIN_FAULT.none : TRAIN_FAULT.badSegmentSize);
	return gatherRegions(trains, index, arena);
}

function gatherRegions(
	trains: GatherTrains,
	index: number,
	arena: Uint8Array,
): Uint8Array {
	const totalLength = elementAt(trains.totalLength, index);
	const { regions } = trains;
	const pieces: Uint8Array[] = [];
	let region = elementAt(trains.firstRegion, index);
	// No region can be in a train twice, so a larger count is a cycle in `next`.
	const count = elementAt(trains.regionCount, index);
	const isCountOk = count >= 0 && count <= regions.next.length;
	throwOnFault(isCountOk ? TRAIN_FAULT.none : TRAIN_FAULT.regionChain);
	for (let left = count; left > 0; left -= 1) {
		const isKnown = region >= 0 && region < regions.offset.length;
		throwOnFault(isKnown ? TRAIN_FAULT.none : TRAIN_FAULT.regionChain);
		const offset = elementAt(regions.offset, region);
		pieces.push(copyOf(arena, offset, elementAt(regions.length, region)));
		region = elementAt(regions.next, region);
	}
	throwOnFault(region === -1 ? TRAIN_FAULT.none : TRAIN_FAULT.regionChain);
	const payload = Buffer.concat(pieces);
	const isWhole = payload.length === totalLength;
	throwOnFault(isWhole ? TRAIN_FAULT.none : TRAIN_FAULT.lengthMismatch);
	return payload;
}

function isTrainHeader(header: Uint8Array): boolean {
	const version = byteAt(header, 0) >> 4;
	const protocol = byteAt(header, version === 4 ? 9 : 6);
	if ((version !== 4 && version !== 6) || protocol !== 6) {
		return false;
	}
	const ipLength = ipHeaderLength(header);
	const tcpLength = (byteAt(header, ipLength + 12) >> 4) * 4;
	return (
		ipLength >= 20 && tcpLength >= 20 && ipLength + tcpLength === header.length
	);
}

/** More Fragments, or a fragment offset; or an IPv6 Fragment header right behind the fixed one. */
function isFragmentHeader(header: Uint8Array): boolean {
	const version = byteAt(header, 0) >> 4;
	if (version === 4) return (numberAt(header, 6) & 0x3fff) !== 0;
	return version === 6 && header.length >= 48 && byteAt(header, 6) === 44;
}

/**
 * An IP fragment for the TUN: a whole packet. Null when the train is not one. Throws InvariantError as the native
 * writer does.
 */
export function gatherFragment(
	trains: GatherTrains,
	index: number,
	arena: Uint8Array,
): Uint8Array | null {
	const offset = elementAt(trains.headerOffset, index);
	const length = elementAt(trains.headerLength, index);
	const totalLength = elementAt(trains.totalLength, index);
	const isClaimed =
		totalLength > 0 && elementAt(trains.segmentSize, index) === 0;
	const isInside =
		offset >= 0 &&
		length >= MIN_IP_HEADER_BYTES &&
		length <= MAX_HEADER_BYTES &&
		offset + length <= arena.length;
	if (!isClaimed || !isInside) return null;
	const header = arena.slice(offset, offset + length);
	if (!isFragmentHeader(header)) return null;
	const isTooLong = totalLength > MAX_SINGLE_PACKET_BYTES - length;
	throwOnFault(isTooLong ? TRAIN_FAULT.tooLong : TRAIN_FAULT.none);
	return Buffer.concat([header, gatherRegions(trains, index, arena)]);
}

/** A train for the TUN: header and payload. Throws InvariantError as the native writer does. */
export function gatherTrain(
	trains: GatherTrains,
	index: number,
	arena: Uint8Array,
): Train {
	const offset = elementAt(trains.headerOffset, index);
	const length = elementAt(trains.headerLength, index);
	const isInside =
		offset >= 0 &&
		length >= MIN_HEADER_BYTES &&
		length <= MAX_HEADER_BYTES &&
		offset + length <= arena.length;
	throwOnFault(isInside ? TRAIN_FAULT.none : TRAIN_FAULT.badHeader);
	const header = arena.slice(offset, offset + length);
	throwOnFault(
		isTrainHeader(header) ? TRAIN_FAULT.none : TRAIN_FAULT.badHeader,
	);
	const totalLength = elementAt(trains.totalLength, index);
	const segmentSize = elementAt(trains.segmentSize, index);
	const isMany = totalLength > segmentSize;
	const limit = isMany ? MAX_TRAIN_PACKET_BYTES : MAX_SINGLE_PACKET_BYTES;
	throwOnFault(
		totalLength > limit - length ? TRAIN_FAULT.tooLong : TRAIN_FAULT.none,
	);
	const payload = gatherPayload(trains, index, arena);
	return { header, payload, segmentSize: isMany ? segmentSize : 0 };
}

/** Throws InvariantError when the batch claims more trains than its arrays hold. */
export function checkTrainCount(trains: GatherTrains): void {
	const capacity = trains.owner.length;
	invariant(
		Number.isInteger(trains.count) &&
			trains.count >= 0 &&
			trains.count <= capacity,
		`A batch of ${capacity} trains cannot hold ${trains.count}.`,
	);
}

// The ways in which a batch of trains can break its own contract; each is a bug of ours and throws.

import { invariant } from "./invariant.js";

/** Index = TrainFault in native/core/gather_trains.h. */
const TRAIN_FAULTS = [
	"",
	"a region lies outside the arena",
	"the regions of a train do not end where its region count says",
	"the regions of a train do not add up to its total length",
	"one datagram has more regions than the kernel takes",
	"a header is not one IP and one TCP header inside the arena",
	"a train is longer than one IP packet may be",
	"an owner has no entry in the socket table",
	"a segment size or a length is out of range",
] as const;

export const TRAIN_FAULT = {
	none: 0,
	regionOutsideArena: 1,
	regionChain: 2,
	lengthMismatch: 3,
	tooManyRegions: 4,
	badHeader: 5,
	tooLong: 6,
	ownerOutOfRange: 7,
	badSegmentSize: 8,
} as const;

/** A whole IP packet of more than one datagram: above this the kernel splits in software. */
export const MAX_TRAIN_PACKET_BYTES = 65_521;
/** A whole IP packet of one datagram. */
export const MAX_SINGLE_PACKET_BYTES = 65_535;

/** Throws InvariantError for any fault but `none`. */
export function throwOnFault(fault: number): void {
	if (fault !== TRAIN_FAULT.none) {
		invariant(
			false,
			`Bad train batch: ${TRAIN_FAULTS[fault] ?? `fault ${fault}`}.`,
		);
	}
}

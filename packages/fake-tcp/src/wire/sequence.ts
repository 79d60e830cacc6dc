// Modulo-2³² sequence numbers (RFC 9293 §3.4) as 32-bit signed integers, so that they stay small integers in V8.

/** A sequence number. The bit pattern is what travels; the sign has no meaning. */
export type SequenceNumber = number;

export function sequenceAdd(
	sequence: SequenceNumber,
	octets: number,
): SequenceNumber {
	return (sequence + octets) | 0;
}

/** Octets from `from` to `to`, negative when `to` lies behind (nearest way round the circle). */
export function sequenceDistance(
	from: SequenceNumber,
	to: SequenceNumber,
): number {
	return (to - from) | 0;
}

/** True when `a` comes before `b` (nearest way round the circle). */
export function sequenceLess(a: SequenceNumber, b: SequenceNumber): boolean {
	return ((a - b) | 0) < 0;
}

/** The number as it stands in the header, 0 to 2³² − 1, for people and logs. */
export function sequenceToUnsigned(sequence: SequenceNumber): number {
	return sequence >>> 0;
}

// How much may be in reassembly, and for how long: the policy's numbers, apart from the mechanism.

export interface ReassemblyLimits {
	/** Memory for pieces, headers included, in whole blocks. Past it the oldest datagrams go … */
	readonly highWatermarkBytes: number;
	/** … until this much is left. */
	readonly lowWatermarkBytes: number;
	/** Datagrams begun and not whole, those that are known to be spoilt included. */
	readonly maxDatagrams: number;
	/** The part of memory and datagrams that one source address may have. */
	readonly sourceShare: number;
	readonly maxPieces: number;
	/** From a datagram's first piece on. */
	readonly timeoutMs: number;
}

/**
 * 4 and 3 MiB are what Linux and gVisor start from. 64 pieces: 65,507 octets over a path of 1,280 need 55. 5 s: one
 * tunnel and one path; every second less makes it rarer that an identification comes again too early (RFC 4963).
 */
export const REASSEMBLY_LIMITS: ReassemblyLimits = {
	highWatermarkBytes: 4 * 1024 * 1024,
	lowWatermarkBytes: 3 * 1024 * 1024,
	maxDatagrams: 4_096,
	sourceShare: 1 / 4,
	maxPieces: 64,
	timeoutMs: 5_000,
};

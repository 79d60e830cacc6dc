// A batch of packets from the TUN as the engine takes it, in the device layer's form.

/** Packets read from the TUN, in the device layer's form. */
export interface ReceivedPackets {
	readonly count: number;
	readonly offset: Int32Array;
	readonly length: Int32Array;
	/** Payload octets of each segment in a super-segment, 0 for a single segment. */
	readonly segmentSize: Int32Array;
	/** `VERDICT`: what the device layer knows about the TCP checksum. */
	readonly verdict: Uint8Array;
}

/** Values of `ReceivedPackets.verdict`; the daemon's tests hold them equal to the device layer's. */
export const VERDICT = {
	checksumGood: 0,
	checksumBad: 1,
	checksumUnknown: 2,
	badVirtioHeader: 3,
} as const;

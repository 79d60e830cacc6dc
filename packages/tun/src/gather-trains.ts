// The shape of outgoing batches: trains of equal-size payloads, each a list of regions in the worker's arena.

/**
 * Regions of one arena, in struct-of-arrays form so that native code reads them without an object per packet.
 * Regions are linked: `next[i]` is the index of the region that follows in the same train, or -1.
 */
export interface GatherRegions {
	/** Offset in the arena, in bytes. */
	readonly offset: Int32Array;
	/** Length in bytes, 1 or more. */
	readonly length: Int32Array;
	/** Index of the next region of the same train, -1 for the last. */
	readonly next: Int32Array;
}

/**
 * A batch of trains. A train is one or more datagrams of `segmentSize` bytes each, the last one possibly
 * shorter, that travel in one system call. `totalLength > segmentSize` means "more than one datagram".
 *
 * For the TUN, `headerOffset`/`headerLength` name the IP and TCP header in the arena (`headerLength` is 0 for
 * UDP trains, which have no header). A train without payload (`firstRegion` = -1, `totalLength` = 0) is a bare
 * TCP segment such as an ACK. A train with payload and a `segmentSize` of 0 is an IP fragment: its header is not one
 * IP and one TCP header but what the fragment starts with, and it is written as it stands.
 */
export interface GatherTrains {
	readonly count: number;
	/** For UDP: the flow slot, which `sendTrains` maps to a socket and an endpoint. */
	readonly owner: Int32Array;
	readonly firstRegion: Int32Array;
	readonly regionCount: Int32Array;
	/** Payload bytes of every datagram but the last; 0 for an IP fragment. */
	readonly segmentSize: Int32Array;
	/** Payload bytes of the whole train. */
	readonly totalLength: Int32Array;
	readonly headerOffset: Int32Array;
	readonly headerLength: Int32Array;
	readonly regions: GatherRegions;
}

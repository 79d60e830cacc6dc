// Why a flow ended.

/**
 * "evicted": quiet or half-open, and its slot was wanted by a newcomer. "moved": another flow goes on in its place, to
 * another address of the peer or along another path. "peer-silent": probes were not answered. "rotated": another flow
 * has taken over.
 */
export type FlowCloseReason =
	| "idle"
	| "reset-by-peer"
	| "handshake-timeout"
	| "refused-by-peer"
	| "replaced"
	| "evicted"
	| "moved"
	| "peer-silent"
	| "rotated"
	| "tunnel-stopping";

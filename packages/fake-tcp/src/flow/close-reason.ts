// Why a flow ended.

/**
 * "evicted": quiet or half-open, and its slot was wanted by a newcomer. "moved": another flow goes on in its place, to
 * another address of the peer or along another path.
 */
export type FlowCloseReason =
	| "idle"
	| "reset-by-peer"
	| "handshake-timeout"
	| "refused-by-peer"
	| "replaced"
	| "evicted"
	| "moved"
	| "tunnel-stopping";

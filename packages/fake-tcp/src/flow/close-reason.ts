// Why a flow ended.

/** "evicted": quiet or half-open, and its slot was wanted by a newcomer. */
export type FlowCloseReason =
	| "idle"
	| "reset-by-peer"
	| "handshake-timeout"
	| "refused-by-peer"
	| "replaced"
	| "evicted"
	| "tunnel-stopping";

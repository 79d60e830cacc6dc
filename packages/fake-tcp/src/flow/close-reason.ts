// Why a flow ended.

export type FlowCloseReason =
	| "idle"
	| "reset-by-peer"
	| "handshake-timeout"
	| "refused-by-peer"
	| "replaced"
	| "evicted"
	| "tunnel-stopping";

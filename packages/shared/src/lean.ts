// The part of the contract that costs nothing to load: the headless tunnel has a memory budget, and zod takes 6 MB of it.

export * from "./anomaly/anomaly-codes.js";
export type {
	AnomalyEvent,
	AnomalyLine,
	AnomalyPacket,
	HeaderSummary,
} from "./anomaly/anomaly-event.js";
export * from "./capture-setting.js";
export type { ControlAnswer, ControlRequest } from "./control-protocol.js";
export * from "./control-version.js";
export * from "./ip-text.js";
export * from "./log-levels.js";
export * from "./setting-values.js";
export type { TunnelConfig } from "./tunnel-config.js";
export * from "./tunnel-defaults.js";
export type {
	InstanceDescription,
	TunnelDescription,
} from "./tunnel-description.js";
export * from "./tunnel-limits.js";
export type { TunnelRequest } from "./tunnel-request.js";

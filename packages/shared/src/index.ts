// The contract: schemas and limits that the daemon, the command line and the dashboard agree on.

export * from "./anomaly/anomaly-codes.js";
export * from "./anomaly/anomaly-event.js";
export * from "./capture-setting.js";
export type { ConfigFile } from "./config-file.js";
export * from "./config-keys.js";
export * from "./config-problem.js";
export * from "./control-protocol.js";
export * from "./control-version.js";
export * from "./ip-text.js";
export * from "./log-levels.js";
export * from "./requests-of-file.js";
export * from "./setting-values.js";
export * from "./tunnel-config.js";
export * from "./tunnel-defaults.js";
export * from "./tunnel-description.js";
export * from "./tunnel-limits.js";
export * from "./tunnel-request.js";

// The contract: schemas and limits that the daemon, the command line and the dashboard agree on.

export * from "./setting-values.js";
export * from "./tunnel-config.js";
export * from "./tunnel-defaults.js";
export * from "./tunnel-description.js";
export * from "./tunnel-limits.js";

// For tests of this package and of those who use it: engines on a simulated wire.

export * from "./cut-super-segment.js";
export * from "./engine-host.js";
export * from "./segment-summary.js";
export * from "./wire-pair.js";

// The pure protocol core: bytes and flows, no clock, no randomness, no I/O.

export * from "./engine/engine-counters.js";
export type { FlowCloseReason } from "./flow/close-reason.js";
export * from "./wire/drop-reason.js";

// For tests of this package and of those who use it: engines on a simulated wire, and packets of every kind.

export { ACCEPT, SegmentView } from "../wire/segment-view.js";
export * from "./any-packet.js";
export * from "./cut-fragments.js";
export * from "./cut-super-segment.js";
export * from "./engine-host.js";
export { fatesOf } from "./engine-invariants.js";

// For tests of this package and of those who use it: engines on a simulated wire, and packets of every kind.

export { ACCEPT, SegmentView } from "../wire/segment-view.js";
export * from "./any-packet.js";
export * from "./cut-fragments.js";
export * from "./cut-super-segment.js";
export * from "./engine-host.js";
export { fatesOf } from "./engine-invariants.js";
export * from "./icmp-about.js";
export * from "./packet-forge.js";
export * from "./packet-mutation.js";
export * from "./reference-reading.js";
export * from "./seeded-random.js";
export * from "./segment-summary.js";
export * from "./slow-reassembler.js";
export * from "./wire-pair.js";

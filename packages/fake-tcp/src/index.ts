// The pure protocol core: bytes and flows, no clock, no randomness, no I/O.

export { Engine, type OpenRefusal } from "./engine/engine.js";
export * from "./engine/engine-counters.js";
export {
	ENGINE_NOTICES,
	type EngineNotice,
	type EngineNoticeName,
	NOTICE,
} from "./engine/engine-notice.js";
export type { EngineOptions } from "./engine/engine-options.js";
export type { EngineSink, PacketPlace } from "./engine/engine-sink.js";
export { type ReceivedPackets, VERDICT } from "./engine/received-packets.js";
export {
	HEADER_SLOT_BYTES,
	type HeaderRegion,
} from "./engine/segment-writer.js";
export type { FlowCloseReason } from "./flow/close-reason.js";
export { type ConnectionState, FLOW_COUNTER, type Flow } from "./flow/flow.js";
export type { HashKey } from "./flow/half-siphash.js";
export {
	WIRE_PROFILES,
	type WireProfile,
	type WireProfileName,
} from "./flow/wire-profile.js";
export {
	NOT_FOUND,
	WordKeyTable,
	type WordKeyTableOptions,
} from "./flow/word-key-table.js";
export {
	REASSEMBLY_LIMITS,
	type ReassemblyLimits,
} from "./fragment/reassembly-limits.js";
export { reassemblyRegionBytes } from "./fragment/reassembly-memory.js";
export { invariant } from "./invariant.js";
export * from "./mtu/mtu-arithmetic.js";
export {
	datagramsIn,
	RegionTable,
	segmentsIn,
	TrainTable,
	type TrainTableOptions,
} from "./train/train-table.js";
export {
	checksumAdd,
	checksumFinish,
	checksumFold,
} from "./wire/checksum.js";
export * from "./wire/drop-reason.js";
export {
	type HeaderSummary,
	summariseHeaders,
} from "./wire/header-summary.js";
export {
	formatIpAddress,
	type IpAddress,
	type IpFamily,
	parseIpAddress,
} from "./wire/ip-address.js";

// The device layer: TUN devices and UDP sockets in batches, native on Linux, in memory for tests.

export {
	endpointWords,
	localAddressText,
	remoteAddress,
	writeLocalAddress,
} from "./endpoint-words.js";
export * from "./errors.js";
export type { GatherRegions, GatherTrains } from "./gather-trains.js";
export { InvariantError } from "./invariant.js";
export type { LinkEvent, LinkWatch, LinkWatchOptions } from "./link-watch.js";
export { MemoryNetwork } from "./memory/memory-network.js";
export {
	createMemoryPacketIo,
	type MemoryPacketIoOptions,
} from "./memory/memory-packet-io.js";
export { createNativePacketIo } from "./native/native-packet-io.js";
export * from "./packet-io.js";
export * from "./tun-device.js";
export * from "./udp-socket.js";

// What an engine is built from; all of it is given by the caller, nothing is looked up.

import type { HashKey } from "../flow/half-siphash.js";
import type { WireProfile } from "../flow/wire-profile.js";
import type { ReassemblyLimits } from "../fragment/reassembly-limits.js";
import type { TrainTable } from "../train/train-table.js";
import type { IpAddress, IpFamily } from "../wire/ip-address.js";
import type { EngineSink } from "./engine-sink.js";
import type { HeaderRegion } from "./segment-writer.js";

export interface EngineOptions {
	readonly role: "client" | "server";
	readonly profile: WireProfile;
	readonly sink: EngineSink;
	/** The memory all offsets refer to. */
	readonly arena: Uint8Array;
	/** Where outgoing headers are written. */
	readonly headerRegion: HeaderRegion;
	/** Where waiting datagrams are laid out before they leave; at least 64 KiB. */
	readonly stagingRegion: HeaderRegion;
	/** Where IP fragments wait for the rest: `reassemblyRegionBytes(reassemblyLimits)` octets, all zeros. */
	readonly reassemblyRegion: HeaderRegion;
	readonly reassemblyLimits: ReassemblyLimits;
	/** Where copies of data lie that is held back (segment-acceptance.ts): a slot per 64 KiB, none when empty. */
	readonly heldRegion: HeaderRegion;
	/** Filled by the engine, emptied by `sink.flush`. */
	readonly outgoing: TrainTable;
	/** Our addresses on the TUN: the peer addresses of the device, one per family. */
	readonly local: Readonly<Record<IpFamily, IpAddress>>;
	/** Server: the port flows arrive at. Client: ignored. */
	readonly listenPort: number;
	readonly maxFlows: number;
	readonly idleTimeoutMs: number;
	readonly linkMtuBytes: number;
	/** Datagrams that no segment carries: refused, or towards peers known to be ours sent in IP fragments. */
	readonly oversize: "drop" | "fragment";
	/** Sent as the first data segment of every flow. */
	readonly handshakePacket: Uint8Array | null;
	/** `ENGINE_COUNTER_COUNT` and `DROP_REASON_COUNT` doubles; may be shared memory. */
	readonly counters: Float64Array;
	readonly drops: Float64Array;
	/** Secrets from a cryptographic source. */
	readonly seed: {
		readonly hash: HashKey;
		readonly iss: HashKey;
		readonly port: number;
	};
}

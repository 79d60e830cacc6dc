// The kernel's TUN devices and UDP sockets behind the PacketIo interface.

import { checkPacketRegion, datagramRegion } from "../arena-regions.js";
import type { PacketIo } from "../packet-io.js";
import { loadAddon } from "./addon.js";
import { NativeDatagramBatch, NativePacketBatch } from "./native-batches.js";
import { NativeLinkWatch } from "./native-link-watch.js";
import { NativePoller } from "./native-poller.js";
import { NativeTun } from "./native-tun.js";
import { NativeUdpSockets } from "./native-udp.js";
import { TrainRegistry } from "./registered-trains.js";

/**
 * One for each worker: what it opens belongs to the thread that called this.
 * @throws TunError ADDON_UNAVAILABLE when the native addon was not built, or this is not Linux.
 */
export function createNativePacketIo(): PacketIo {
	const addon = loadAddon();
	const trains = new TrainRegistry(addon);
	const sockets = new NativeUdpSockets(addon, trains);
	return {
		kind: "native",
		openTun: (options) => new NativeTun({ addon, trains }, options),
		openUdp: (options) => sockets.open(options),
		createPoller: (options = {}) => new NativePoller(addon, options),
		openLinkWatch: (options) => new NativeLinkWatch(addon, options),
		createPacketBatch: (arena, offset, length, capacity) => {
			const region = { arena, offset, length };
			checkPacketRegion(region, capacity);
			return new NativePacketBatch(addon, region, capacity);
		},
		createDatagramBatch: (arena, offset, capacity) =>
			new NativeDatagramBatch(
				addon,
				datagramRegion(arena, offset, capacity),
				capacity,
			),
		receiveDatagrams: (tokens, tokenCount, batch, limit) =>
			sockets.receive(tokens, tokenCount, batch, limit),
		sendTrains: (trains, ownerSocket, endpoints) =>
			sockets.send(trains, ownerSocket, endpoints),
	};
}

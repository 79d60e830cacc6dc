// What the compliance suite needs from an implementation beside PacketIo itself: a world that it can change.

import type { PacketIo } from "../packet-io.js";
import type { TunDevice, TunOpenOptions } from "../tun-device.js";

export type Offloads = NonNullable<TunOpenOptions["offloads"]>;

/** Two devices: a packet written to one, from its network to the other's, is read from the other. */
export interface TunPair {
	readonly left: TunDevice;
	readonly right: TunDevice;
}

export interface ComplianceLab {
	readonly io: PacketIo;
	/**
	 * Networks: left 198.18.1.0/24 and 2001:db8:1::/64, right 198.18.2.0/24 and 2001:db8:2::/64. On the way the
	 * hop limit may fall by one.
	 */
	openTunPair(
		arena: Uint8Array,
		offloads: { readonly left: Offloads; readonly right: Offloads },
	): TunPair;
	setDown(tun: TunDevice, isDown: boolean): void;
	setLinkMtu(tun: TunDevice, linkMtuBytes: number): void;
	deleteTun(tun: TunDevice): void;
}

const WAIT_MS = 5_000;

/** Waits until `look` gives something; rejects after five seconds with `what` in its message. */
export async function waitFor<Found>(
	what: string,
	look: () => Found | null | undefined | false,
): Promise<Found> {
	const deadlineMs = performance.now() + WAIT_MS;
	for (;;) {
		const found = look();
		if (found !== null && found !== undefined && found !== false) {
			return found;
		}
		if (performance.now() > deadlineMs) {
			throw new Error(`Waited ${WAIT_MS} ms in vain for ${what}.`);
		}
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
}

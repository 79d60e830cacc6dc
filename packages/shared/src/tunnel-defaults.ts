// What a tunnel gets when its operator says nothing: Phantun's addresses (wire.md 4.5), and our own limits.

import type { TunnelConfig } from "./tunnel-config.js";

export type TunnelRole = TunnelConfig["role"];

/** Packets are sourced from the peer addresses; the local ones are the operating system's end. */
export const TUN_ADDRESS_DEFAULTS = {
	client: {
		local4: "192.168.200.1",
		peer4: "192.168.200.2",
		local6: "fcc8::1",
		peer6: "fcc8::2",
	},
	server: {
		local4: "192.168.201.1",
		peer4: "192.168.201.2",
		local6: "fcc9::1",
		peer6: "fcc9::2",
	},
} as const satisfies Record<TunnelRole, Omit<TunnelConfig["tun"], "name">>;

export const TUNNEL_DEFAULTS = {
	linkMtuBytes: "auto",
	oversize: "drop",
	/** Stock's UDP_TTL. */
	idleTimeoutMs: 180_000,
	hostSetup: "auto",
	allowForeignFirewall: false,
	onTunLost: "recreate",
	maxFlows: 8_192,
	wireProfile: "default",
} as const satisfies Partial<TunnelConfig>;

// From the tunnels of a configuration file to tunnel requests: defaults filled in, and what was a default marked.

import { captureOf } from "./capture-setting.js";
import type { ConfigFile } from "./config-file.js";
import type { TunnelEntry } from "./config-file-tunnel.js";
import type { TunnelConfig } from "./tunnel-config.js";
import { TUN_ADDRESS_DEFAULTS } from "./tunnel-defaults.js";
import { TUNNEL_LIMITS } from "./tunnel-limits.js";
import type { TunnelRequest } from "./tunnel-request.js";

/** In the file's order. `resolvePath` makes a path of the file absolute. */
export function requestsOfFile(
	file: ConfigFile,
	resolvePath: (path: string) => string,
): readonly TunnelRequest[] {
	return Object.entries(file.tunnels).map(([name, entry]) =>
		requestOfEntry(name, entry, resolvePath),
	);
}

function requestOfEntry(
	name: string,
	entry: TunnelEntry,
	resolvePath: (path: string) => string,
): TunnelRequest {
	const { role } = entry;
	const handshakePacket = entry["handshake-packet"];
	const rotateEvery = entry.role === "client" ? entry["rotate-every"] : "off";
	const config: TunnelConfig = {
		name,
		role,
		listen:
			role === "client"
				? { address: entry.local.host, port: entry.local.port }
				: { address: "::", port: entry.local },
		remote: entry.remote,
		tun: tunOf(name, entry),
		ipv4Only: entry["ipv4-only"],
		...(handshakePacket === undefined
			? {}
			: { handshakePacketPath: resolvePath(handshakePacket) }),
		linkMtuBytes: entry["link-mtu"],
		oversize: entry.oversize,
		idleTimeoutMs: entry["idle-timeout"],
		...(rotateEvery === "off" ? {} : { rotateEveryMs: rotateEvery }),
		hostSetup: entry["host-setup"],
		allowForeignFirewall: entry["allow-foreign-firewall"],
		interfaces: [...new Set(entry.interface)],
		onTunLost: entry["on-tun-lost"],
		maxFlows: entry["max-flows"],
		wireProfile: entry["wire-profile"],
		...captureOf(entry.capture, entry["capture-snap"]),
	};
	return {
		config,
		isFixed: {
			tunName: entry.tun !== undefined,
			ipv4: entry["tun-local"] !== undefined || entry["tun-peer"] !== undefined,
			ipv6:
				entry["tun-local6"] !== undefined || entry["tun-peer6"] !== undefined,
		},
	};
}

function tunOf(name: string, entry: TunnelEntry): TunnelConfig["tun"] {
	const defaults = TUN_ADDRESS_DEFAULTS[entry.role];
	return {
		name:
			entry.tun ?? `ts-${name}`.slice(0, TUNNEL_LIMITS.interfaceNameBytes.max),
		local4: entry["tun-local"] ?? defaults.local4,
		peer4: entry["tun-peer"] ?? defaults.peer4,
		local6: entry["tun-local6"] ?? defaults.local6,
		peer6: entry["tun-peer6"] ?? defaults.peer6,
	};
}

// What must be true before a tunnel starts, each failure in one sentence with what to do about it.

import { readFileSync } from "node:fs";
import type { TunnelConfig } from "@tunscope/shared/lean";
import { readEnvironment } from "../config/environment.js";
import { listLinks } from "./links.js";
import { requireInterfaces } from "./network-path.js";
import { requireNftables } from "./nftables-check.js";
import {
	listNetworkRoutes,
	refuseAddressClash,
	refuseNameClash,
} from "./preflight-addresses.js";
import {
	requireNetAdmin,
	requireTunDevice,
	requireWritableFolder,
	requireWritableSettings,
} from "./preflight-capabilities.js";
import { refuseTcpListener, requireFreeUdpPort } from "./preflight-ports.js";
import type { RunCommand } from "./run-command.js";
import { createSysctlFiles } from "./sysctl-files.js";
import { isAllForwardingOn } from "./sysctl-restore.js";
import { errnoNameOf, SystemError } from "./system-error.js";

const TUN_DEVICE_PATH = "/dev/net/tun";
/** A handshake packet is one segment; more than this fits none. */
const MAX_HANDSHAKE_PACKET_BYTES = 65_535;

/**
 * Looks and changes nothing.
 * @throws SystemError, the first of these that fails: device, capability, record, settings, interfaces, name,
 * addresses, tools, ports
 */
export async function checkHost(
	run: RunCommand,
	config: TunnelConfig,
): Promise<void> {
	requireTunDevice(TUN_DEVICE_PATH);
	const status = readFileSync("/proc/self/status", "latin1");
	requireNetAdmin(status);
	requireWritableFolder(readEnvironment().runtimeDirectory, status);
	if (config.hostSetup === "auto") requireForwardingToBeSettable(config);
	const links = await listLinks(run);
	requireInterfaces(config.interfaces, links);
	refuseNameClash(config.tun.name, links);
	refuseAddressClash(config, links, await listNetworkRoutes(run));
	if (config.hostSetup === "auto") await requireNftables(run);
	if (config.role === "client") await requireFreeUdpPort(config.listen);
	// With --host-setup off the operator's own rules decide what reaches the TUN.
	else if (config.hostSetup === "auto") refuseTcpListener(config, links);
}

function requireForwardingToBeSettable({ ipv4Only }: TunnelConfig): void {
	const sysctls = createSysctlFiles();
	const families = ipv4Only ? (["ipv4"] as const) : (["ipv4", "ipv6"] as const);
	requireWritableSettings(
		families
			.filter((family) => !isAllForwardingOn(sysctls, family))
			.map((family) => `/proc/sys/net/${family}/conf/all/forwarding`),
	);
}

/** The first data segment, from --handshake-packet. @throws SystemError INPUT_FILE_UNREADABLE */
export function readHandshakePacket(path: string): Uint8Array {
	const whatToDo =
		"Give --handshake-packet a readable file of 1 byte to one segment (about 1,400 bytes).";
	let bytes: Uint8Array;
	try {
		bytes = new Uint8Array(readFileSync(path));
	} catch (error) {
		const reason = errnoNameOf(error) ?? String(error);
		const message = `The handshake packet ${path} cannot be read (${reason}).`;
		throw new SystemError(
			{ code: "INPUT_FILE_UNREADABLE", message, whatToDo },
			{ cause: error },
		);
	}
	if (bytes.length >= 1 && bytes.length <= MAX_HANDSHAKE_PACKET_BYTES)
		return bytes;
	const message = `The handshake packet ${path} has ${bytes.length} bytes.`;
	throw new SystemError({ code: "INPUT_FILE_UNREADABLE", message, whatToDo });
}

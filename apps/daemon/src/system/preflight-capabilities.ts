// What the kernel must allow this process, found out before anything is changed.

import { accessSync, closeSync, constants, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoNameOf, SystemError } from "./system-error.js";

/** linux/capability.h. */
const CAPABILITY_BIT = { dacOverride: 1n, netAdmin: 12n } as const;

interface ProcessRights {
	readonly hasNetAdmin: boolean;
	/** The programs that this process starts (`ip`, `nft`) may change the network too. */
	readonly handsNetAdminOn: boolean;
}

/** @param status the text of /proc/self/status. */
function readRights(status: string): ProcessRights {
	const isRoot = /^Uid:\s*\d+\s+0\s/m.test(status);
	const hasNetAdmin = hasCapability(status, "CapEff", "netAdmin");
	// execve: root's children get all that is not bounded away, anybody else's only what is ambient (capabilities(7)).
	const inherited = hasCapability(
		status,
		isRoot ? "CapBnd" : "CapAmb",
		"netAdmin",
	);
	return { hasNetAdmin, handsNetAdminOn: hasNetAdmin && inherited };
}

function hasCapability(
	status: string,
	set: "CapEff" | "CapBnd" | "CapAmb",
	capability: keyof typeof CAPABILITY_BIT,
): boolean {
	const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
	return (
		((BigInt(`0x${mask ?? "0"}`) >> CAPABILITY_BIT[capability]) & 1n) === 1n
	);
}

/** @throws SystemError PERMISSION_DENIED */
export function requireNetAdmin(status: string): void {
	const { hasNetAdmin, handsNetAdminOn } = readRights(status);
	if (handsNetAdminOn) return;
	throw new SystemError({
		code: "PERMISSION_DENIED",
		message: hasNetAdmin
			? "This process has CAP_NET_ADMIN, but cannot hand it on to the programs `ip` and `nft` that it runs: it is not in the ambient set."
			: "A TUN device needs root or the capability CAP_NET_ADMIN, and this process has neither.",
		whatToDo:
			"Run with sudo, or with AmbientCapabilities=CAP_NET_ADMIN in a systemd unit, or with docker run --cap-add NET_ADMIN.",
	});
}

/** @throws SystemError TUN_DEVICE_MISSING, or PERMISSION_DENIED when only others may open it */
export function requireTunDevice(path: string): void {
	try {
		if (statSync(path).isCharacterDevice()) {
			closeSync(openSync(path, "r+"));
			return;
		}
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "EACCES" || errno === "EPERM")
			throw tunDeviceClosed(path, error);
		// ENXIO, ENODEV: the node is there and no driver behind it.
		const isMissing = ["ENOENT", "ENXIO", "ENODEV"].includes(errno ?? "");
		if (!isMissing) throw error;
	}
	throw new SystemError({
		code: "TUN_DEVICE_MISSING",
		message: `There is no TUN device at ${path}.`,
		whatToDo:
			"Load the module (modprobe tun; OpenWrt: opkg install kmod-tun), or give the container the device (docker run --device /dev/net/tun).",
	});
}

function tunDeviceClosed(path: string, cause: unknown): SystemError {
	return new SystemError(
		{
			code: "PERMISSION_DENIED",
			message: `This process may not open ${path}.`,
			whatToDo: `Run with sudo, or let everybody open it (chmod 666 ${path}; using it needs CAP_NET_ADMIN anyway), or in a systemd unit use DeviceAllow=${path} rw.`,
		},
		{ cause },
	);
}

/**
 * The kernel's settings must be writable when forwarding is not on already; nothing is written here.
 * @param paths files below /proc/sys; those that do not exist are passed over
 * @throws SystemError PERMISSION_DENIED
 */
export function requireWritableSettings(paths: readonly string[]): void {
	for (const path of paths) {
		try {
			// access(2) would judge by the real user id and without capabilities.
			closeSync(openSync(path, "r+"));
		} catch (error) {
			const errno = errnoNameOf(error) ?? String(error);
			if (errno === "ENOENT") continue;
			throw new SystemError(
				{
					code: "PERMISSION_DENIED",
					message: `Forwarding is off, and this process may not switch it on: ${path} cannot be written (${errno}).`,
					whatToDo:
						"In a container, where /proc/sys is read-only, start it with --sysctl net.ipv4.ip_forward=1 --sysctl net.ipv6.conf.all.forwarding=1; or use --host-setup print and run its commands on the host, then --host-setup off.",
				},
				{ cause: error },
			);
		}
	}
}

/**
 * The folder for the record of changed settings, or the nearest above it that exists, must take new files.
 * @param status the text of /proc/self/status
 * @throws SystemError STATE_FILE_UNUSABLE
 */
export function requireWritableFolder(folder: string, status: string): void {
	// access(2) judges without capabilities; whoever has this one may write anywhere.
	if (hasCapability(status, "CapEff", "dacOverride")) return;
	try {
		accessSync(folder, constants.W_OK | constants.X_OK);
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "ENOENT" && dirname(folder) !== folder)
			return requireWritableFolder(dirname(folder), status);
		throw new SystemError(
			{
				code: "STATE_FILE_UNUSABLE",
				message: `This process may not write to ${folder} (${errno ?? String(error)}), where the record of changed settings belongs.`,
				whatToDo:
					"Use RuntimeDirectory=tunscope in a systemd unit, or name a folder in TUNSCOPE_RUNTIME_DIR.",
			},
			{ cause: error },
		);
	}
}

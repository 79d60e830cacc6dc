// Which network namespaces something on this host still holds: a process, a thread, a descriptor or a mount.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { errnoNameOf } from "./system-error.js";

/** linux/proc_ns.h, PROC_PID_INIT_INO: only there does /proc show every process of the machine. */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
const NETWORK_NAMESPACE = /\bnet:\[(\d+)\]/g;

/**
 * Inodes of all network namespaces in use, or null when this process cannot see the whole machine (it runs in a
 * container, or without the right to look at others). Reads a link per thread and descriptor of the machine: for
 * rare occasions only. A descriptor that is in flight between two processes is not seen.
 */
export function readHeldNamespaces(root = "/proc"): ReadonlySet<string> | null {
	try {
		if (readlinkSync(join(root, "self/ns/pid")) !== FIRST_PID_NAMESPACE)
			return null;
		const held = new Set<string>();
		const mountNamespaces = new Set<string>();
		for (const pid of namesIn(root).filter((name) => /^\d+$/.test(name))) {
			try {
				addProcess(join(root, pid), held, mountNamespaces);
			} catch (error) {
				// Some virtual machines lock their init even against root; what it is in, the kernel's threads are in too.
				if (pid !== "1" || !isForbidden(error)) throw error;
			}
		}
		return held;
	} catch (error) {
		if (isForbidden(error)) return null;
		throw error;
	}
}

function isForbidden(error: unknown): boolean {
	const errno = errnoNameOf(error);
	return errno === "EACCES" || errno === "EPERM";
}

function addProcess(
	folder: string,
	held: Set<string>,
	mountNamespaces: Set<string>,
): void {
	for (const thread of namesIn(join(folder, "task")))
		addInodes(held, linkOf(join(folder, "task", thread, "ns/net")));
	for (const descriptor of namesIn(join(folder, "fd")))
		addInodes(held, linkOf(join(folder, "fd", descriptor)));
	// `ip netns` and container runtimes hold a namespace by a mount, which other mount namespaces may not show.
	const mountNamespace = linkOf(join(folder, "ns/mnt"));
	if (mountNamespaces.has(mountNamespace)) return;
	mountNamespaces.add(mountNamespace);
	addInodes(held, unlessGone(() => textOf(join(folder, "mountinfo"))) ?? "");
}

function addInodes(held: Set<string>, text: string): void {
	for (const [, inode = ""] of text.matchAll(NETWORK_NAMESPACE))
		held.add(inode);
}

function namesIn(folder: string): readonly string[] {
	return unlessGone(() => readdirSync(folder)) ?? [];
}

/** Empty when what it belonged to has ended. */
function linkOf(path: string): string {
	return unlessGone(() => readlinkSync(path)) ?? "";
}

function textOf(path: string): string {
	return readFileSync(path, "latin1");
}

function unlessGone<Value>(read: () => Value): Value | null {
	try {
		return read();
	} catch (error) {
		const errno = errnoNameOf(error);
		// EINVAL: mountinfo of a process that is just ending.
		if (errno === "ENOENT" || errno === "ESRCH" || errno === "EINVAL")
			return null;
		throw error;
	}
}

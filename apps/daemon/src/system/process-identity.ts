// Tells a running process from a dead one whose number was given away again, and one network namespace or boot from another.

import { readFileSync, statSync } from "node:fs";
import { readNetworkNamespaceCookie } from "@tunscope/tun/network-namespace";
import { errnoNameOf } from "./system-error.js";

/** `starttime` is field 22 of /proc/<pid>/stat (proc(5)); field 3 is the first after the command's closing bracket. */
const START_TIME_AFTER_COMMAND = 22 - 3;

/** Clock ticks since boot at which the process started; null when there is no such process. */
export function readStartTicks(pid: number): string | null {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		// The command may itself hold spaces and brackets.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[START_TIME_AFTER_COMMAND] ?? null;
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "ENOENT" || errno === "ESRCH") return null;
		throw error;
	}
}

export function readBootId(): string {
	return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/** The inode that names this process's network namespace. */
export function readNetworkNamespaceInode(): string {
	return String(statSync("/proc/self/ns/net").ino);
}

/** Never given to two namespaces of one boot, as inodes are; null where nobody can tell (Linux before 5.14). */
export function readNamespaceCookie(): string | null {
	try {
		return readNetworkNamespaceCookie();
	} catch {
		// No addon: the worker is about to say so, with an exit code of its own.
		return null;
	}
}

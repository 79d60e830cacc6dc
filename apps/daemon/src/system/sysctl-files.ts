// Kernel settings as files under /proc/sys: which follows the network namespace of whoever reads it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoNameOf, SystemError } from "./system-error.js";

/** Keys are paths below /proc/sys, e.g. "net/ipv4/conf/eth0.100/forwarding" (an interface name may hold dots). */
export interface SysctlFiles {
	/** Null when the setting does not exist. */
	read(key: string): string | null;
	/**
	 * False when the setting does not exist (its interface has gone).
	 * @throws SystemError PERMISSION_DENIED, also for the read-only /proc/sys of a container.
	 */
	write(key: string, value: string): boolean;
	/** Names below a folder of settings, empty when it does not exist. */
	list(key: string): readonly string[];
}

export function createSysctlFiles(root = "/proc/sys"): SysctlFiles {
	return {
		read: (key) =>
			unlessMissing(() => readFileSync(join(root, key), "utf8").trim()),
		write: (key, value) => {
			try {
				// "r+" never creates: a setting that is missing must not become a file in a test's tree.
				writeFileSync(join(root, key), `${value}\n`, { flag: "r+" });
				return true;
			} catch (error) {
				if (errnoNameOf(error) === "ENOENT") return false;
				throw cannotWrite(key, value, error);
			}
		},
		list: (key) => unlessMissing(() => readdirSync(join(root, key))) ?? [],
	};
}

/** The name as sysctl(8) writes it: dots between, and slashes for dots inside an interface name. */
export function sysctlName(key: string): string {
	return key.replaceAll(/[./]/g, (character) =>
		character === "/" ? "." : "/",
	);
}

function cannotWrite(key: string, value: string, error: unknown): SystemError {
	const reason = errnoNameOf(error) ?? String(error);
	return new SystemError(
		{
			code: "PERMISSION_DENIED",
			message: `The setting ${sysctlName(key)} could not be set to ${value} (${reason}).`,
			whatToDo:
				"Run as root; in a container set it from outside (docker run --sysctl net.ipv4.ip_forward=1), or prepare the host yourself with --host-setup print and start with --host-setup off.",
		},
		{ cause: error },
	);
}

function unlessMissing<Value>(attempt: () => Value): Value | null {
	try {
		return attempt();
	} catch (error) {
		if (errnoNameOf(error) === "ENOENT") return null;
		throw error;
	}
}

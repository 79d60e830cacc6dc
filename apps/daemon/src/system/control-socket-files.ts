// Where the instances of a network namespace can be asked: one Unix socket per process, in the folder of its host-state record.

import {
	closeSync,
	mkdirSync,
	openSync,
	readdirSync,
	rmdirSync,
	rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { readNetworkNamespaceInode } from "./process-identity.js";
import { errnoNameOf, SystemError } from "./system-error.js";

export interface ControlSocketFile {
	readonly path: string;
	/** The process that made it, as its name says. */
	readonly pid: number;
}

/** sun_path holds 108 bytes, the last of them zero (unix(7)). */
const MAX_ADDRESS_BYTES = 107;
const NAME_PATTERN = /^control-(\d+)(?:-\d+)?\.sock$/;

/** The folder of this process's network namespace: its record of changed host state is there too. */
export function controlDirectoryIn(runtimeDirectory: string): string {
	return join(runtimeDirectory, readNetworkNamespaceInode());
}

/** @param serial above 0 when a process of another PID namespace has this number too. */
export function controlSocketPath(
	directory: string,
	pid: number,
	serial: number,
): string {
	const suffix = serial === 0 ? "" : `-${serial}`;
	return join(directory, `control-${pid}${suffix}.sock`);
}

/** By process number; none where there is no folder. @throws SystemError PERMISSION_DENIED */
export function listControlSockets(
	directory: string,
): readonly ControlSocketFile[] {
	return namesIn(directory)
		.flatMap((name) => {
			const pid = NAME_PATTERN.exec(name)?.[1];
			return pid === undefined
				? []
				: [{ path: join(directory, name), pid: Number(pid) }];
		})
		.sort((one, other) => one.pid - other.pid);
}

/** The folders beside this one: those of other network namespaces. @throws SystemError PERMISSION_DENIED */
export function siblingDirectories(directory: string): readonly string[] {
	const parent = dirname(directory);
	return namesIn(parent)
		.filter((name) => name !== basename(directory))
		.map((name) => join(parent, name));
}

export function makeControlDirectory(directory: string): void {
	mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Removes the folder and its parent unless somebody needs them. The caller holds the host-state lock. */
export function removeControlDirectory(directory: string): void {
	for (const folder of [directory, dirname(directory)]) {
		try {
			rmdirSync(folder);
		} catch {
			// Not empty, or gone, or not ours to remove: it stays as it is.
			return;
		}
	}
}

export function removeControlSocket(path: string): void {
	rmSync(path, { force: true });
}

/**
 * An address for bind and connect of a path of any length: a long one is reached through an open folder.
 * Call `release` when the socket is closed.
 */
export function openSocketAddress(path: string): {
	readonly address: string;
	release(): void;
} {
	if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES)
		return { address: path, release: () => undefined };
	const folder = openSync(dirname(path), "r");
	return {
		address: `/proc/self/fd/${folder}/${basename(path)}`,
		release: () => closeSync(folder),
	};
}

function namesIn(directory: string): readonly string[] {
	try {
		return readdirSync(directory);
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno === "ENOENT" || errno === "ENOTDIR") return [];
		if (errno !== "EACCES" && errno !== "EPERM") throw error;
		throw new SystemError(
			{
				code: "PERMISSION_DENIED",
				message: `You may not look into ${directory}, where running tunnels can be asked.`,
				whatToDo: "Run it as root, for example with sudo.",
			},
			{ cause: error },
		);
	}
}

// Where the record of changed host state is kept: the file that all tunnels of a network namespace share, or memory.

import { join } from "node:path";
import type { HostState } from "./host-state.js";
import {
	type HostIdentity,
	readHostState,
	writeHostState,
} from "./host-state-file.js";
import { withHostStateLock } from "./host-state-lock.js";
import {
	readBootId,
	readNamespaceCookie,
	readNetworkNamespaceInode,
} from "./process-identity.js";

export interface HostStateStore {
	/** One at a time, over all processes that share the store. @throws SystemError STATE_LOCK_TIMEOUT */
	whileLocked<Result>(work: () => Promise<Result>): Promise<Result>;
	/** @throws SystemError STATE_FILE_UNUSABLE */
	read(): HostState;
	/** @throws SystemError STATE_FILE_UNUSABLE */
	write(state: HostState): void;
}

/** The record of the network namespace that this process is in. */
export function openHostStateStore(runtimeDirectory: string): HostStateStore {
	return fileHostStateStore(
		join(runtimeDirectory, readNetworkNamespaceInode()),
		{ bootId: readBootId(), namespaceCookie: readNamespaceCookie() },
	);
}

/** @param directory folder of the record of this network namespace */
export function fileHostStateStore(
	directory: string,
	identity: HostIdentity,
): HostStateStore {
	return {
		whileLocked: (work) => withHostStateLock(directory, work),
		read: () => readHostState(directory, identity),
		write: (state) => writeHostState(directory, state),
	};
}

/** Starts from what is on record and keeps every change to itself. */
export function memoryHostStateStore(initial: HostState): HostStateStore {
	let kept = structuredClone(initial);
	return {
		whileLocked: (work) => work(),
		read: () => structuredClone(kept),
		write: (state) => {
			kept = structuredClone(state);
		},
	};
}

// Removes records of network namespaces that no longer exist: with the namespace everything in them was undone.

import {
	linkSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmdirSync,
	rmSync,
} from "node:fs";
import { join } from "node:path";
import {
	listControlSockets,
	removeControlSocket,
} from "./control-socket-files.js";
import { type HostState, parseHostState } from "./host-state.js";
import { HOST_STATE_FILE_NAME } from "./host-state-file.js";
import { readHeldNamespaces } from "./host-state-record-holders.js";
import {
	readBootId,
	readNetworkNamespaceInode,
	readStartTicks,
} from "./process-identity.js";

/** Once per start of a process that runs tunnels: `removeVanishedRecords` on this machine. */
export function sweepRuntimeDirectory(runtimeDirectory: string): void {
	removeVanishedRecords({
		runtimeDirectory,
		ownInode: readNetworkNamespaceInode(),
		bootId: readBootId(),
		readStartTicks,
		readHeldNamespaces,
	});
}

export interface RecordSweep {
	/** Has one folder per network namespace, named by its inode. */
	readonly runtimeDirectory: string;
	/** Of the namespace that this process is in; its record is not touched here. */
	readonly ownInode: string;
	readonly bootId: string;
	/** Null when no such process runs. */
	readonly readStartTicks: (pid: number) => string | null;
	/** Asked only when there is a record to judge. Null: nobody can tell. */
	readonly readHeldNamespaces: () => ReadonlySet<string> | null;
}

/**
 * A record goes when it is of an earlier boot, or when its instances are dead and nothing holds its namespace. A
 * namespace that is still there keeps its record, however old: the next start in it needs it.
 *
 * Never throws: what cannot be read, judged or removed stays for the next time.
 */
export function removeVanishedRecords(sweep: RecordSweep): void {
	let held: ReadonlySet<string> | null | undefined;
	for (const inode of otherNamespaces(sweep)) {
		const judged = readRecord(sweep, inode);
		if (judged === null || isInUse(judged.state, sweep)) continue;
		if (judged.state.bootId === sweep.bootId) {
			if (held === undefined) held = quietly(sweep.readHeldNamespaces);
			if (held === null || held.has(inode)) continue;
		}
		quietly(() => remove(join(sweep.runtimeDirectory, inode), judged.text));
	}
}

function otherNamespaces(sweep: RecordSweep): readonly string[] {
	const names = quietly(() => readdirSync(sweep.runtimeDirectory)) ?? [];
	return names.filter((name) => /^\d+$/.test(name) && name !== sweep.ownInode);
}

interface JudgedRecord {
	readonly text: string;
	readonly state: HostState;
}

/** Null for anything that is not a record of ours. */
function readRecord(sweep: RecordSweep, inode: string): JudgedRecord | null {
	const path = join(sweep.runtimeDirectory, inode, HOST_STATE_FILE_NAME);
	return quietly(() => {
		const text = readFileSync(path, "utf8");
		const state = parseHostState(JSON.parse(text));
		return state === null ? null : { text, state };
	});
}

function isInUse(state: HostState, sweep: RecordSweep): boolean {
	if (state.bootId !== sweep.bootId) return false;
	return state.instances.some(
		({ pid, startTicks }) => sweep.readStartTicks(pid) === startTicks,
	);
}

/**
 * The lock of the record is a matter of its own namespace, and a new namespace may get the inode at any moment. So
 * the file is moved away first and looked at again: a record that came meanwhile goes back.
 */
function remove(directory: string, judgedText: string): void {
	const path = join(directory, HOST_STATE_FILE_NAME);
	const aside = `${path}.vanished`;
	renameSync(path, aside);
	// Never over a newer one: a link fails where there is a file.
	if (readFileSync(aside, "utf8") !== judgedText)
		quietly(() => linkSync(aside, path));
	rmSync(aside, { force: true });
	for (const socket of listControlSockets(directory))
		removeControlSocket(socket.path);
	rmdirSync(directory);
}

function quietly<Value>(attempt: () => Value): Value | null {
	try {
		return attempt();
	} catch {
		return null;
	}
}

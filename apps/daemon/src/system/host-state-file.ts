// The record of changed host state as a file: checked when read, replaced atomically when written.

import {
	mkdirSync,
	readFileSync,
	renameSync,
	rmdirSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type HostState, parseHostState } from "./host-state.js";
import { errnoNameOf, SystemError } from "./system-error.js";

export const HOST_STATE_FILE_NAME = "state.json";

/** Which network namespace of which boot a record belongs to. */
export interface HostIdentity {
	readonly bootId: string;
	/** Null when the kernel tells none (before Linux 5.14). */
	readonly namespaceCookie: string | null;
}

function emptyHostState(identity: HostIdentity): HostState {
	return { version: 1, ...identity, instances: [], sysctls: [] };
}

/** A cookie that one side does not know proves nothing; two that differ prove two namespaces. */
function isOf(state: HostState, identity: HostIdentity): boolean {
	if (state.bootId !== identity.bootId) return false;
	const cookies = [state.namespaceCookie, identity.namespaceCookie];
	return cookies.includes(null) || cookies[0] === cookies[1];
}

/**
 * The state as recorded; empty when there is none, when it is of an earlier boot (which undid everything), or when it
 * is of an earlier network namespace whose inode was given away again (its rules and settings went with it).
 * @throws SystemError STATE_FILE_UNUSABLE
 */
export function readHostState(
	directory: string,
	identity: HostIdentity,
): HostState {
	const path = join(directory, HOST_STATE_FILE_NAME);
	try {
		const state = parseHostState(JSON.parse(readFileSync(path, "utf8")));
		if (state === null) throw unusable(path, null);
		if (!isOf(state, identity)) return emptyHostState(identity);
		const { namespaceCookie } = identity;
		return namespaceCookie === null ? state : { ...state, namespaceCookie };
	} catch (error) {
		if (errnoNameOf(error) === "ENOENT") return emptyHostState(identity);
		throw unusable(path, error);
	}
}

/** Replaces the file; with nothing left to record, removes it and its folders. */
export function writeHostState(directory: string, state: HostState): void {
	const path = join(directory, HOST_STATE_FILE_NAME);
	try {
		if (state.instances.length === 0 && state.sysctls.length === 0) {
			rmSync(path, { force: true });
			removeIfEmpty(directory);
			removeIfEmpty(dirname(directory));
			return;
		}
		mkdirSync(directory, { recursive: true, mode: 0o700 });
		writeFileSync(`${path}.new`, `${JSON.stringify(state, null, "\t")}\n`, {
			mode: 0o600,
		});
		renameSync(`${path}.new`, path);
	} catch (error) {
		throw unusable(path, error);
	}
}

/** A folder that others use, or that a systemd unit's sandbox holds (EBUSY, EROFS), stays: empty, it is no residue of ours. */
function removeIfEmpty(directory: string): void {
	try {
		rmdirSync(directory);
	} catch (error) {
		if (errnoNameOf(error) === null) throw error;
	}
}

/** @param cause null when the file could be read but is not ours. */
function unusable(path: string, cause: unknown): SystemError {
	if (cause instanceof SystemError) return cause;
	const isForeign = cause === null || cause instanceof SyntaxError;
	const reason = isForeign
		? "its content is not what tunscope writes"
		: cause instanceof Error
			? cause.message
			: String(cause);
	return new SystemError(
		{
			code: "STATE_FILE_UNUSABLE",
			message: `The record of changed host settings, ${path}, cannot be used: ${reason}.`,
			whatToDo:
				"Make its folder writable, or look at the file, put back what it lists and delete it; TUNSCOPE_RUNTIME_DIR chooses another folder.",
		},
		{ cause },
	);
}

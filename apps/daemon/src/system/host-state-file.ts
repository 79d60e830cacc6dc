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

const FILE_NAME = "state.json";

function emptyHostState(bootId: string): HostState {
	return { version: 1, bootId, instances: [], sysctls: [] };
}

/**
 * The state as recorded; empty when there is none, or when it is of an earlier boot (which undid everything).
 * @throws SystemError STATE_FILE_UNUSABLE
 */
export function readHostState(directory: string, bootId: string): HostState {
	const path = join(directory, FILE_NAME);
	try {
		const state = parseHostState(JSON.parse(readFileSync(path, "utf8")));
		if (state === null) throw unusable(path, null);
		return state.bootId === bootId ? state : emptyHostState(bootId);
	} catch (error) {
		if (errnoNameOf(error) === "ENOENT") return emptyHostState(bootId);
		throw unusable(path, error);
	}
}

/** Replaces the file; with nothing left to record, removes it and its folders. */
export function writeHostState(directory: string, state: HostState): void {
	const path = join(directory, FILE_NAME);
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

function removeIfEmpty(directory: string): void {
	try {
		rmdirSync(directory);
	} catch (error) {
		const errno = errnoNameOf(error);
		if (errno !== "ENOENT" && errno !== "ENOTEMPTY" && errno !== "EBUSY")
			throw error;
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

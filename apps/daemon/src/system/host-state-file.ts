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
import { z } from "zod";
import { errnoNameOf, SystemError } from "./system-error.js";

const instanceSchema = z.object({
	name: z.string(),
	pid: z.number().int(),
	/** With the pid it names one process of this boot. */
	startTicks: z.string(),
	tableName: z.string(),
	role: z.enum(["client", "server"]),
	/** Server: the fake-TCP port that its table redirects. Client: null. */
	serverPort: z.number().int().nullable(),
	interfaces: z.array(z.string()),
});

const sysctlSchema = z.object({
	key: z.string(),
	family: z.enum(["ipv4", "ipv6"]),
	interfaceName: z.string().nullable(),
	/** Index and hardware address when recorded: a later interface of the same name has its own settings. */
	interfaceIdentity: z.string().nullable(),
	before: z.string(),
	ours: z.string(),
	needsGuard: z.boolean(),
	/** conf.all.forwarding of the family when recorded. */
	wasAllForwardingOn: z.boolean(),
	/** Settings that writing `before` would overwrite too, with the values they had. */
	alsoOverwritten: z.array(z.object({ key: z.string(), before: z.string() })),
	/** Names of the instances that need it. */
	users: z.array(z.string()),
});

const hostStateSchema = z.object({
	version: z.literal(1),
	bootId: z.string(),
	instances: z.array(instanceSchema),
	sysctls: z.array(sysctlSchema),
});

export type InstanceRow = z.infer<typeof instanceSchema>;
export type SysctlRow = z.infer<typeof sysctlSchema>;
export type HostState = z.infer<typeof hostStateSchema>;

const FILE_NAME = "state.json";

export function emptyHostState(bootId: string): HostState {
	return { version: 1, bootId, instances: [], sysctls: [] };
}

/**
 * The state as recorded; empty when there is none, or when it is of an earlier boot (which undid everything).
 * @throws SystemError STATE_FILE_UNUSABLE
 */
export function readHostState(directory: string, bootId: string): HostState {
	const path = join(directory, FILE_NAME);
	try {
		const state = hostStateSchema.parse(JSON.parse(readFileSync(path, "utf8")));
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

function unusable(path: string, error: unknown): SystemError {
	const reason =
		error instanceof z.ZodError || error instanceof SyntaxError
			? "its content is not what tunscope writes"
			: error instanceof Error
				? error.message
				: String(error);
	return new SystemError(
		{
			code: "STATE_FILE_UNUSABLE",
			message: `The record of changed host settings, ${path}, cannot be used: ${reason}.`,
			whatToDo:
				"Make its folder writable, or look at the file, put back what it lists and delete it; TUNSCOPE_RUNTIME_DIR chooses another folder.",
		},
		{ cause: error },
	);
}

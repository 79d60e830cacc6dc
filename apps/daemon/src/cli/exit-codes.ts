// Every exit code of the command, after sysexits.h, and which failure ends in which. docs/exit-codes.md has a row for each.

/** Exit codes by name. */
export const EXIT = {
	ok: 0,
	/** Commands that ask running tunnels only. */
	tunnelNotRunning: 1,
	usage: 2,
	/** The same commands; LSB's number for a program that is not running. */
	nothingRuns: 3,
	inputUnreadable: 66,
	unavailable: 69,
	internal: 70,
	system: 71,
	cannotCreate: 73,
	tunLost: 75,
	permission: 77,
	config: 78,
	interrupted: 130,
	terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes of SystemError and of packages/tun's TunError. */
const EXIT_OF_ERROR: Readonly<Record<string, ExitCode>> = {
	COMMAND_MISSING: EXIT.unavailable,
	COMMAND_FAILED: EXIT.system,
	COMMAND_TIMEOUT: EXIT.system,
	NFTABLES_UNAVAILABLE: EXIT.unavailable,
	PERMISSION_DENIED: EXIT.permission,
	TUN_DEVICE_MISSING: EXIT.unavailable,
	UDP_PORT_TAKEN: EXIT.unavailable,
	UDP_ADDRESS_UNAVAILABLE: EXIT.config,
	TCP_PORT_TAKEN: EXIT.unavailable,
	REMOTE_NOT_RESOLVED: EXIT.unavailable,
	REMOTE_NOT_ROUTED: EXIT.unavailable,
	ROUTE_LOOP: EXIT.config,
	TUN_NAME_TAKEN: EXIT.cannotCreate,
	INPUT_FILE_UNREADABLE: EXIT.inputUnreadable,
	CONFIG_FILE_UNREADABLE: EXIT.inputUnreadable,
	CONFIG_FILE_INVALID: EXIT.config,
	INTERFACE_MISSING: EXIT.config,
	ADDRESS_CLASH: EXIT.config,
	SERVER_PORT_CLASH: EXIT.config,
	OUTPUT_FILE_UNWRITABLE: EXIT.cannotCreate,
	STATE_FILE_UNUSABLE: EXIT.cannotCreate,
	STATE_LOCK_TIMEOUT: EXIT.unavailable,
	TUN_LOST: EXIT.tunLost,
	ADDON_UNAVAILABLE: EXIT.unavailable,
	NAME_IN_USE: EXIT.cannotCreate,
	NAME_INVALID: EXIT.config,
	DEVICE_GONE: EXIT.tunLost,
	ADDRESS_IN_USE: EXIT.unavailable,
	ADDRESS_NOT_AVAILABLE: EXIT.config,
	TOO_MANY_DESCRIPTORS: EXIT.system,
	OUT_OF_MEMORY: EXIT.system,
	UNREACHABLE: EXIT.unavailable,
	CLOSED: EXIT.internal,
	SYSTEM: EXIT.system,
};

/** An error without a code of ours is our own bug. */
export function exitCodeOfError(code: string): ExitCode {
	return EXIT_OF_ERROR[code] ?? EXIT.internal;
}

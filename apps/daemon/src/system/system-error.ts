// Failures of the host (missing tool, permission, name taken): a code to switch on, and a sentence saying what to do.

export type SystemErrorCode =
	| "COMMAND_MISSING"
	| "COMMAND_FAILED"
	| "COMMAND_TIMEOUT"
	| "NFTABLES_UNAVAILABLE"
	| "PERMISSION_DENIED"
	| "TUN_DEVICE_MISSING"
	| "UDP_PORT_TAKEN"
	| "UDP_ADDRESS_UNAVAILABLE"
	| "TCP_PORT_TAKEN"
	| "TUN_NAME_TAKEN"
	| "REMOTE_NOT_RESOLVED"
	| "REMOTE_NOT_ROUTED"
	| "ROUTE_LOOP"
	| "INPUT_FILE_UNREADABLE"
	| "INTERFACE_MISSING"
	| "ADDRESS_CLASH"
	| "SERVER_PORT_CLASH"
	| "OUTPUT_FILE_UNWRITABLE"
	| "STATE_FILE_UNUSABLE"
	| "STATE_LOCK_TIMEOUT"
	| "TUN_LOST";

export interface SystemErrorDetail {
	readonly code: SystemErrorCode;
	/** One sentence for a person: what happened. */
	readonly message: string;
	/** One sentence for a person: what to do. */
	readonly whatToDo: string;
}

export class SystemError extends Error {
	readonly code: SystemErrorCode;
	readonly whatToDo: string;

	constructor(detail: SystemErrorDetail, options?: ErrorOptions) {
		super(detail.message, options);
		this.name = "SystemError";
		this.code = detail.code;
		this.whatToDo = detail.whatToDo;
	}
}

/** The errno name (`ENOENT`, …) of a Node error, or null when there is none. */
export function errnoNameOf(error: unknown): string | null {
	if (!(error instanceof Error) || !("code" in error)) return null;
	return typeof error.code === "string" ? error.code : null;
}

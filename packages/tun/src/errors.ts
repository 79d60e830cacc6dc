// Errors of the device layer: translated from errno exactly once, here; callers switch on `code`.

export type TunErrorCode =
	| "ADDON_UNAVAILABLE"
	| "TUN_DEVICE_MISSING"
	| "PERMISSION_DENIED"
	| "NAME_IN_USE"
	| "NAME_INVALID"
	| "DEVICE_GONE"
	| "ADDRESS_IN_USE"
	| "ADDRESS_NOT_AVAILABLE"
	| "TOO_MANY_DESCRIPTORS"
	| "OUT_OF_MEMORY"
	| "UNREACHABLE"
	| "CLOSED"
	| "SYSTEM";

export interface TunErrorDetail {
	readonly code: TunErrorCode;
	/** One sentence for a person: what happened. */
	readonly message: string;
	/** One sentence for a person: what to do. */
	readonly whatToDo: string;
	/** Positive errno, 0 when no system call failed. */
	readonly errno: number;
	/** The system call or ioctl that failed, "" when none. */
	readonly syscall: string;
}

export class TunError extends Error {
	readonly code: TunErrorCode;
	readonly whatToDo: string;
	readonly errno: number;
	readonly syscall: string;

	constructor(detail: TunErrorDetail, options?: ErrorOptions) {
		super(detail.message, options);
		this.name = "TunError";
		this.code = detail.code;
		this.whatToDo = detail.whatToDo;
		this.errno = detail.errno;
		this.syscall = detail.syscall;
	}
}
